from __future__ import annotations

import json

from outfitbench.reports.benchmarks_page import benchmarks_section

from .tables import read_tables


def test_a_check_shows_what_it_found_and_not_its_own_time(tmp_path):
    stats = {"median": 5e-7, "mean": 5e-7, "stddev": 0.0, "rounds": 1}
    check = {
        "name": "test_a_sleep_of_five_milliseconds",
        "fullname": "test_instrument.py::test_a_sleep_of_five_milliseconds",
        "group": "the instrument",
        "extra_info": {"expected": "5 ms ± 5 %", "measured": "5.212 ms"},
        "stats": stats,
    }
    timed = check | {"name": "test_b", "group": "speed", "extra_info": {"measured": "9"}}
    saved = {"benchmarks": [check, timed], "machine_info": {}, "datetime": "2026-11-29T20:23:40.9+00:00"}
    (tmp_path / "saved.json").write_text(json.dumps(saved))
    text = benchmarks_section([tmp_path / "saved.json"])
    speeds, checks = read_tables(text)
    assert checks == [
        {"Check": "a sleep of five milliseconds", "Expected": "5 ms ± 5 %", "Measured": "5.212 ms"}
    ]
    assert speeds[0]["Median"] == "500 ns"
    assert "### 2026-11-29 20:23 UTC" in text
