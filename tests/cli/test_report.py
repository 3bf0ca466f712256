"""`outfitbench report`."""

from __future__ import annotations

import json
from pathlib import Path

from outfitbench.cli.main import main


def test_a_report_of_records_alone(finished_run, capsys, tmp_path):
    out = tmp_path / "report"
    assert main(["report", str(finished_run.folder), "--out", str(out), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    page = Path(answer["report"])
    assert answer["records"] == len(list(finished_run.folder.rglob("record.json")))
    assert page.read_bytes() == Path(finished_run.answer["report"]).read_bytes()


def test_nothing_to_report(capsys, tmp_path):
    assert main(["report", str(tmp_path / "nowhere"), "--out", str(tmp_path / "report")]) == 2
    assert main(["report", str(tmp_path), "--out", str(tmp_path / "report")]) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 2
    assert not (tmp_path / "report").exists()


def test_a_record_cut_short_is_named(finished_run, capsys, tmp_path):
    whole = min(finished_run.folder.rglob("record.json"))
    (tmp_path / "record.json").write_bytes(whole.read_bytes()[:-100])
    assert main(["report", str(tmp_path / "record.json"), "--out", str(tmp_path / "report")]) == 2
    assert str(tmp_path / "record.json") in capsys.readouterr().err
