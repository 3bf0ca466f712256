from __future__ import annotations

from outfitbench.reports.costs import Network, cost_groups
from outfitbench.reports.engines_table import engines_table

from .made_records import cost, measurement
from .tables import by_first_column, read_tables

TEACHERS = [Network("teacher", "alexnet-large", "image", 64)]


def test_a_row_a_model_and_a_column_an_engine_pytorch_first():
    runtime = {"engine": "onnxruntime", "provider": "CPUExecutionProvider"}
    records = [
        cost("Teacher", "teacher", 0.020),
        cost("Teacher", "teacher", 0.010, **runtime),
        cost("XS", latency=0.008),
        cost("XS", latency=0.004, **runtime),
        cost("S", "student-s", 0.006, **runtime),
    ]
    (group,) = cost_groups(records, teachers=TEACHERS)
    rows = by_first_column(read_tables(engines_table(group))[0])
    torch, onnx = "PyTorch on cpu, 2 threads", "ONNX Runtime on cpu, 2 threads"
    assert list(rows["XS"]) == [
        *("Model", "# Params", "Ratio", f"Time, {torch}", f"Time, {onnx}", f"Memory, {torch}"),
        *(f"Memory, {onnx}", f"Latency, {torch}", f"Latency, {onnx}"),
    ]
    assert (rows["XS"][f"Latency, {torch}"], rows["XS"][f"Latency, {onnx}"]) == ("8.00 ms", "4.00 ms")
    assert rows["Teacher"][f"Time, {onnx}"] == f"{records[1].measurements['recommend'].median:.2f} s"
    assert rows["S"][f"Latency, {torch}"] == "–"
    assert rows["XS"]["Ratio"] == "4.3 %"


def test_a_count_is_a_share_of_the_largest_also_where_that_ran_otherwise():
    half = {"engine": "onnxruntime", "precision": "fp16", "variant": "fp16-graph"}
    (group,) = cost_groups([cost("Teacher", "teacher"), cost("XS", **half)], teachers=TEACHERS)
    assert by_first_column(read_tables(engines_table(group))[0])["XS · fp16-graph"]["Ratio"] == "4.3 %"


def test_one_engine_needs_no_table_of_engines():
    (group,) = cost_groups([cost("A"), cost("B", "student-s")])
    assert engines_table(group) == ""


def test_two_providers_of_one_engine_are_two_columns():
    runtime = {"engine": "onnxruntime", "provider": "OpenVINOExecutionProvider", "trial": "0b"}
    records = [cost("XS", engine="onnxruntime", provider="CPUExecutionProvider"), cost("XS", **runtime)]
    (group,) = cost_groups(records)
    (row,) = read_tables(engines_table(group))[0]
    assert "Latency, ONNX Runtime on cpu, OpenVINOExecutionProvider, 2 threads" in row


def test_a_request_from_cached_features_stands_beside_one_from_images():
    runtime = {"engine": "onnxruntime", "provider": "CPUExecutionProvider"}
    records = [cost("XS", **run) for run in ({}, runtime)]
    scored = records[1].measurements | {"score_latency": measurement(0.0005, "s")}
    records[1] = records[1].model_copy(update={"measurements": scored})
    (group,) = cost_groups(records)
    text = engines_table(group)
    (row,) = read_tables(text)[0]
    assert row["From cached features, ONNX Runtime on cpu, 2 threads"] == "500 µs"
    assert "From cached features, PyTorch on cpu, 2 threads" not in row  # no model has it
    assert "from their cached features" in text
