from __future__ import annotations

import re
from statistics import fmean, median, stdev

import pytest
from outfitbench.bench.measurement import Measurement
from outfitbench.reports.cost_table import cost_section
from outfitbench.reports.costs import Network, cost_groups

from .made_records import cost, machine, measurement
from .tables import by_first_column, read_tables

TEACHERS = {Network("teacher", "alexnet-large", "image", 64)}


def section(*records) -> str:
    return cost_section(cost_groups(records, teachers=TEACHERS))


def test_the_columns_of_the_papers_table_5():
    times = [74.1, 72.0, 76.5]
    student = cost("student-xs", measured={"recommend": Measurement(unit="s", samples=times)})
    text = section(cost("teacher", "teacher"), student)
    rows = by_first_column(read_tables(text)[0])
    assert list(rows["teacher"])[2:6] == ["Time", "Memory", "# Params", "Ratio"]
    assert rows["student-xs"]["Time"] == f"{fmean(times):.1f} s ± {stdev(times):.2f} s"
    assert rows["student-xs"]["# Params"] == "2.85M"
    assert rows["student-xs"]["Ratio"] == "4.3 %"
    assert rows["teacher"]["Ratio"] == "–"


def test_the_memory_of_a_batch_stands_beside_that_of_a_request_where_it_was_measured():
    batch = cost("student-xs", batch=16, measured={"batch_memory": measurement(2e9, "byte", 1)})
    other = cost("student-s", "student-s")
    text = section(batch, other)
    rows = by_first_column(read_tables(text)[0])
    assert [rows[name]["Memory of a batch"] for name in ("student-xs", "student-s")] == ["2.00 GB", "–¹"]
    assert "Of a batch: the same after a request of 16 outfits." in text
    assert "of a batch" not in section(other).lower()


def test_latency_is_relative_to_the_teacher_in_the_same_configuration():
    text = section(
        cost("teacher", "teacher", 0.02),
        cost("student-xs", latency=0.01),
        cost("student-xs", latency=0.005, engine="onnxruntime"),
    )
    shares = {row["Run by"]: row["Ratio"] for row in read_tables(text)[2] if "xs" in row["Model"]}
    assert shares == {
        "PyTorch on cpu, fp32, 2 threads": "50 %",
        "ONNX Runtime on cpu, fp32, 2 threads": "–",
    }


def test_percentiles_and_intervals():
    samples = [i / 1000 for i in range(1, 201)]
    row = read_tables(section(cost("A", measured={"latency": Measurement(unit="s", samples=samples)})))[1][0]
    assert (row["p95"], row["p99"], row["n"]) == ("190 ms", "198 ms", "200")
    assert row["Latency"] == f"{1e3 * median(samples):.0f} ms"
    assert row["95 % interval"] == "86.0 ms to 115 ms"


def test_percentiles_of_few_samples_are_blank_and_say_why():
    text = section(cost("A", measured={"latency": measurement(0.01, "s", n=50)}))
    row = read_tables(text)[1][0]
    assert row["p95"] != "–"
    assert row["p99"] == "–¹"
    assert "¹ A p99 needs at least 100 samples." in text


def test_an_interval_that_does_not_exist_is_blank():
    row = read_tables(section(cost("A", measured={"latency": measurement(0.01, "s", n=5)})))[1][0]
    assert row["95 % interval"] == "–"


def test_what_was_not_measured_is_blank_with_the_reason():
    failed = Measurement(unit="byte", samples=[], flags=["NVML shows no such process"])
    record = cost("A", measured={"peak_memory": failed})
    without = {name: m for name, m in record.measurements.items() if name != "flops"}
    text = section(record.model_copy(update={"measurements": without}))
    row = read_tables(text)[0][0]
    assert row["Memory"] == "–¹"
    assert row["FLOPs"] == "–²"
    assert "¹ NVML shows no such process  \n² Not measured." in text


def test_flags_are_shown():
    noisy = measurement(0.01, "s", flags=["not settled"])
    text = section(cost("A", flags=["throttled"], measured={"latency": noisy}))
    row = read_tables(text)[1][0]
    assert row["Latency"].endswith("ms¹")
    assert row["Throughput"].endswith("²")
    assert (
        "¹ not settled (two windows of the warm-up never agreed within 2 %); throttled  \n² throttled" in text
    )


def test_parity_has_a_table_only_where_it_was_checked():
    assert "Kendall" not in section(cost("A"))
    parity = {"max_abs_difference": 2.4e-6, "kendall_tau": 0.99987, "top_k_overlap": 1.0}
    rows = read_tables(section(cost("A"), cost("A", engine="onnxruntime", parity=parity)))[-1]
    assert [list(row.values())[2:] for row in rows] == [["2.4e−06", "0.9999", "1.000"]]


def test_start_up_and_phases_show_what_there_is():
    parts = {"load": measurement(0.4, "s", 1), "recommend_encode": measurement(3.0, "s", 10)}
    row = read_tables(section(cost("A", measured=parts)))[2][0]
    assert list(row)[2:] == ["Load", "Encode"]


def test_the_machine_is_named():
    text = section(cost("A"), cost("A", machine=machine(processor="Other CPU")))
    assert "on Made-up CPU (6.143.8), 2 cores" in text
    assert "on Other CPU (6.143.8), 2 cores" in text
    assert "tables of their own" in text


def test_a_lone_run_has_no_deviation():
    text = section(cost("A", measured={"recommend": measurement(5.0, "s", 1)}))
    assert read_tables(text)[0][0]["Time"] == "5.00 s"
    assert "n = 1)" in text


def test_what_stands_with_every_cost():
    text = section(cost("A"))
    for fact in (
        "Made-up CPU, generation (family.model.stepping) 6.143.8; instruction sets: avx2",
        "python 3.11.9, torch 2.11.0",
        "Session 1 (`5e5510`): taken 2026-11-25; clock: not known; "
        "cores that processes were kept to: not recorded; effort: rounds 3; code: not recorded.",
        "No GPU was measured.",
    ):
        assert fact in text


def test_the_cores_that_processes_were_kept_to_are_told():
    assert "; processes kept to cores 0, 2; effort" in section(cost("A", cores=(0, 2)))
    several = section(cost("A", cores=(1,), threads=1), cost("B", cores=(0, 1)))
    assert "; processes kept to cores 0, 1 and core 1; effort" in several


def test_one_name_of_two_generations_has_two_tables():
    text = section(cost("A"), cost("A", machine=machine(generation="25.17.1")))
    assert "on Made-up CPU (6.143.8)" in text
    assert "on Made-up CPU (25.17.1)" in text


def test_ratios_are_taken_within_a_session():
    """The first design divided whatever had equally many turns."""
    text = section(
        cost("teacher", "teacher", 0.02),
        cost("student-xs", latency=0.01),
        cost("student-s", "student-s", latency=0.01, session="another", date="2026-11-26"),
    )
    rows = {row["Model"]: row for row in read_tables(text)[1]}
    assert (rows["student-xs"]["Ratio"], rows["student-s"]["Ratio"]) == ("50 %", "–")
    assert (rows["student-xs"]["Session"], rows["student-s"]["Session"]) == ("1", "2")
    assert "Ratios are taken within a session only." in text


def test_without_a_teacher_costs_are_relative_to_the_largest_model():
    records = [cost("student-xs", latency=0.01), cost("student-s", "student-s", latency=0.02)]
    text = cost_section(cost_groups(records))
    assert {row["Model"]: row["Ratio"] for row in read_tables(text)[1]} == {
        "student-xs": "50 %",
        "student-s": "–",
    }
    assert "relative to those of the largest model" in text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "(one user, one outfit of 3 items, from decoded images to the score)"),
        (
            {"input_kind": "features", "input_size": 512, "outfit_size": 4},
            "(one user, one outfit of 4 items, from feature vectors to the score)",
        ),
    ],
)
def test_a_request_is_what_the_records_say(changes, sentence):
    assert sentence in section(cost("A", **changes))


@pytest.mark.parametrize(
    "samples", [[9.9e8] * 20, [1e-308] * 20, [1e-308, 9.9e8] * 10], ids=["long", "tiny", "both"]
)
@pytest.mark.parametrize("turns", [[], [10, 10], [1, 19]])
def test_the_most_absurd_samples_that_a_record_may_hold_harm_nothing(samples, turns):
    measured = Measurement(unit="s", samples=samples, turns=turns)
    absurd = cost("student-xs").model_copy(
        update={"measurements": dict.fromkeys(("latency", "recommend", "throughput", "parameters"), measured)}
    )
    text = section(
        cost("teacher", "teacher"), absurd, absurd.model_copy(update={"method": "B", "trial": "b"})
    )
    assert not re.search(r"\b(nan|inf)\b", text)
    assert len(max(text.splitlines(), key=len)) < 800
    of_absurd = absurd.model_copy(update={"model": "teacher", "backbone": "alexnet-large"})
    assert section(of_absurd, cost("student-xs"))


def test_flags_and_units_are_escaped():
    noisy = Measurement(unit="<b>s", samples=[1.0], flags=["<b>loud|"])
    text = section(cost("A", flags=["<b>"], session="<b>", measured={"latency": noisy}))
    assert "<b>" not in text
    assert "&lt;b&gt;s" in text
