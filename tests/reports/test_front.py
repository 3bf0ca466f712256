from __future__ import annotations

import numpy as np
import pytest
from outfitbench.bench.measurement import Measurement
from outfitbench.reports.choices import choices_of
from outfitbench.reports.cost_quantities import COST_QUANTITIES
from outfitbench.reports.costs import cost_groups
from outfitbench.reports.front import front_section
from outfitbench.reports.grouping import comparison_tables

from .made_records import cost, quality, user_scores
from .tables import by_first_column, read_tables


def ranked(name, auc, **changes):
    return quality(name, scores=user_scores(auc, spread=0.0), **changes)


def costing(name, latency, file_size, **changes):
    measured = {
        "latency": Measurement(unit="s", samples=[latency]),
        "file_size": Measurement(unit="byte", samples=[file_size]),
    }
    return cost(name, **changes).model_copy(update={"measurements": measured})


def test_the_front_is_what_a_sweep_from_the_cheapest_finds():
    rng = np.random.default_rng(0)
    points = [(f"m{i}", 0.6 + 0.3 * rng.random(), 0.001 + 0.02 * rng.random()) for i in range(12)]
    (table,) = comparison_tables([ranked(name, auc) for name, auc, _ in points])
    costs = [
        costing(name, latency, 100, inputs={"weights": f"{name}-random-0"}) for name, _, latency in points
    ]
    (choices,) = choices_of(table, cost_groups(costs))
    means = {choice.row.name: choice.row.mean("auc") for choice in choices.each}
    swept, best = [], 0.0
    for name, _, _ in sorted(points, key=lambda point: point[2]):
        if means[name] > best:
            best = means[name]
            swept.append(name)
    front = [choice.row.name for choice in choices.front(COST_QUANTITIES["latency"])]
    assert front == swept
    assert 1 < len(front) < len(points)


RECORDS = [
    *(ranked("A", 0.90), ranked("B", 0.85), ranked("C", 0.80)),
    *(costing("A", 0.010, 900), costing("B", 0.004, 800), costing("C", 0.005, 100)),
]


def section(*records):
    costs = [record for record in records if record.kind == "cost"]
    qualities = [record for record in records if record.kind == "quality"]
    return front_section(comparison_tables(qualities), cost_groups(costs))


def test_rows_that_are_beaten_are_named_and_fronts_are_bold():
    slow = costing("A", 0.020, 900, engine="onnxruntime")
    text = section(*RECORDS, slow)
    (table,) = read_tables(text)
    cells = {(row["Method"], row["Run by"].split()[0]): row for row in table}
    # C is slower than B and worse, and stands by its size.
    assert list(cells) == [("A", "PyTorch"), ("B", "PyTorch"), ("C", "PyTorch")]
    assert [row["Latency"] for row in cells.values()] == ["**10.0 ms**", "**4.00 ms**", "5.00 ms"]
    assert [row["File"] for row in cells.values()] == ["**900 B**", "**800 B**", "**100 B**"]
    runtime = "in ONNX Runtime on cpu, fp32, 2 threads: A, B, C"
    assert f"- Beaten by A in PyTorch on cpu, fp32, 2 threads: {runtime}." in text
    assert "- AUC against latency, 2 of 6 rows: B in PyTorch" in text


def test_what_is_not_measured_has_no_column_and_beats_nobody():
    text = section(*RECORDS)
    assert "Energy" not in by_first_column(read_tables(text)[0])["A"]
    without = RECORDS[4].model_copy(
        update={"measurements": {"file_size": RECORDS[4].measurements["file_size"]}}
    )
    (table,) = read_tables(section(*RECORDS[:4], without, RECORDS[5]))
    assert by_first_column(table)["B"]["Latency"] == "–"


@pytest.mark.parametrize("changes", [{"precision": "bf16"}, {"dataset": "closet-60"}])
def test_a_cost_that_the_quality_does_not_hold_for_stands_beside_none(changes):
    assert section(*RECORDS[:3], costing("A", 0.01, 9, **changes)) == ""


def test_a_variants_quality_was_measured_as_it_is_run():
    fit = ranked("A", 0.9)
    own = {"variant": "int8", "inputs": {"weights": "8a17"}, "trial": "e7a1", "engine": "torch"}
    made = fit.model_copy(update=own)
    small = costing("A", 0.004, 300, variant="int8", precision="int8")
    text = section(fit, made, costing("A", 0.01, 900), small)
    (row,) = read_tables(text)[0]
    assert (row["Method"], row["Latency"]) == ("A · int8", "**4.00 ms**")
    assert (
        "- Beaten by A · int8 in PyTorch on cpu, int8, 2 threads: in PyTorch on cpu, fp32, 2 threads: A."
        in text
    )


@pytest.mark.parametrize(("engine", "stands"), [("", False), ("torch", True), ("onnxruntime", False)])
def test_in_fewer_bits_a_variant_costs_what_it_does_in_the_engine_that_ranked_it(engine, stands):
    """Weights of fewer factors, say, were ranked in full precision, and 8 bits may rank otherwise."""
    fit = ranked("A", 0.9)
    own = {"variant": "low-rank", "inputs": {"weights": "8a17"}, "trial": "e7a1", "engine": engine}
    small = costing("A", 0.004, 300, variant="low-rank", precision="int8")
    text = section(fit, fit.model_copy(update=own), costing("A", 0.01, 900), small)
    assert ("A · low-rank" in text) == stands


def test_what_was_run_for_its_throughput_alone_is_no_choice():
    rate = {"throughput": Measurement(unit="outfit/s", samples=[9.0])}
    (table,) = comparison_tables(RECORDS[:3])
    costs = [*RECORDS[3:], cost("A", engine="fast").model_copy(update={"measurements": rate})]
    (choices,) = choices_of(table, cost_groups(costs))
    assert {choice.configuration.engine for choice in choices.each} == {"torch"}


def test_a_flag_is_a_note_below_the_table():
    measured = {"latency": Measurement(unit="s", samples=[0.01], flags=["throttled"])}
    record = RECORDS[3].model_copy(update={"measurements": measured})
    text = section(RECORDS[0], record)
    assert read_tables(text)[0][0]["Latency"] == "**10.0 ms**¹"
    assert "¹ throttled" in text
