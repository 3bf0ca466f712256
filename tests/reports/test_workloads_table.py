from __future__ import annotations

from outfitbench.bench.measurement import Measurement
from outfitbench.reports.costs import cost_groups
from outfitbench.reports.workloads_table import workloads_tables

from .made_records import cost, measurement
from .tables import read_tables


def asked(workload, method, measurements, **changes):
    record = cost(method, workload=workload, trial=f"{workload}-{method.lower()}", **changes)
    return record.model_copy(update={"measurements": measurements})


def test_each_workload_has_a_table_of_what_it_measured():
    calls = Measurement(unit="s", samples=[number / 1e4 for number in range(1, 202)])
    rates = {f"throughput_{size}": measurement(10.0 * size, "outfit/s", 1) for size in (1, 64)}
    slow = {"throughput_1": measurement(5.0, "outfit/s", 1, ["not settled"])}
    records = [
        asked("request-features", "A", {"score_latency": calls}),
        asked("batch-curve", "A", rates),
        asked("batch-curve", "B", slow, model="student-s"),
        cost("A"),
    ]
    (group,) = cost_groups(records)
    text = workloads_tables(group)
    curve, cached = read_tables(text)
    assert text.index("`batch-curve`:") < text.index("`request-features`:")
    assert [row["Throughput 64"] for row in curve] == ["640 outfit/s", "–²"]
    assert curve[1]["Throughput 1"] == "5.00 outfit/s¹"
    assert cached[0]["One outfit"] == "10.1 ms (19.9 ms)"
    assert "¹ not settled" in text


def test_what_has_tables_of_its_own_is_not_shown_twice():
    (group,) = cost_groups([cost("A")])
    assert workloads_tables(group) == ""
