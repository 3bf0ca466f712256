from __future__ import annotations

import pytest
from outfitbench.reports.compression_section import compression_section
from outfitbench.reports.costs import cost_groups
from outfitbench.reports.grouping import comparison_tables
from outfitbench.suites.records import VariantRecord

from .made_records import PARAMETERS, cost, machine, measurement, quality
from .tables import read_tables


def records():
    teacher = quality("Teacher", "teacher", 0.93)
    fit = quality("FND XS", auc=0.90, teacher=teacher.fit.trial)
    worse = quality("FND XS", auc=0.88, teacher=teacher.fit.trial)
    changes = {"variant": "int8", "inputs": {"weights": "8a17"}, "trial": "e7a1", "engine": "onnxruntime"}
    return teacher, fit, worse.model_copy(update=changes)


def section(qualities, costs):
    return compression_section(comparison_tables(qualities), cost_groups(costs), [])


def test_a_variant_stands_beside_its_fit_in_quality_size_and_speed():
    teacher, fit, small = records()
    small_file = measurement(PARAMETERS["student-xs"], "byte", 1)
    costs = [
        cost("FND XS", latency=0.012, engine="onnxruntime"),
        cost(
            "FND XS",
            latency=0.004,
            engine="onnxruntime",
            variant="int8",
            precision="int8",
            trial="c057",
            measured={"file_size": small_file},
        ),
    ]
    (table,) = read_tables(section([teacher, fit, small], costs))
    as_trained, int8 = table
    assert (as_trained["Variant"], int8["Variant"]) == ("as trained", "int8")
    means = [100 * sum(r.test.auc) / len(r.test.auc) for r in (teacher, fit, small)]
    assert int8["AUC"] == f"{means[2]:.2f}"
    assert int8["Change"] == f"{means[2] - means[1]:+.2f}".replace("-", "−")
    assert int8["Of the teacher"] == f"{100 * means[2] / means[0]:.1f} %"
    assert (int8["Times as fast"], as_trained["Times as fast"]) == ("3.00", "–")
    assert int8["File"] == "2.85 MB (25 %)"
    assert int8["Run by"] == "ONNX Runtime on cpu, int8, 2 threads"


def test_without_costs_the_quality_stands_alone_and_without_variants_nothing():
    teacher, fit, small = records()
    (table,) = read_tables(section([teacher, fit, small], []))
    assert [row["Run by"] for row in table] == ["–", "–"]
    assert section([teacher, fit], [cost("FND XS")]) == ""


@pytest.mark.parametrize("session", ["5e5510", "0ther"])
def test_speed_is_told_within_a_session_only(session):
    teacher, fit, small = records()
    ran = {"engine": "onnxruntime"}
    small_cost = cost("FND XS", variant="int8", precision="int8", trial="c057", session=session, **ran)
    costs = [cost("FND XS", **ran), small_cost]
    (_, int8), *_ = read_tables(section([teacher, fit, small], costs))
    assert int8["Times as fast"] == ("1.00" if session == "5e5510" else "–")


def test_a_variant_of_an_engine_of_its_own_is_held_against_the_fit_in_eager_pytorch():
    teacher, fit, small = records()
    bf16 = small.model_copy(update={"variant": "torch-bf16", "engine": "torch-bf16"})
    ran = {"engine": "torch-bf16", "variant": "torch-bf16", "precision": "bf16", "trial": "bf16-cost"}
    costs = [cost("FND XS", latency=0.012, engine="torch"), cost("FND XS", latency=0.006, **ran)]
    (_, compressed), *_ = read_tables(section([teacher, fit, bf16], costs))
    assert (compressed["Variant"], compressed["Times as fast"]) == ("torch-bf16", "2.00")


def test_a_variant_that_lost_its_parity_says_so_beside_how_it_ranks():
    teacher, fit, small = records()
    made = VariantRecord(
        trial="8a17",
        description={},
        machine=machine(),
        fit=fit.fit,
        variant="int8",
        files={"encoder.onnx": "f11e"},
        bytes=9,
        agreement={"kendall_tau": 0.98765, "top_k_overlap": 0.9},
        operators={"8": {"Conv": 5, "Gemm": 3}, "32": {"MatMul": 9}},
        flags=["lost its parity (τ 0.988)"],
    )
    text = compression_section(comparison_tables([teacher, fit, small]), [], [made])
    as_trained, int8 = read_tables(text)[0]
    assert (as_trained["Agreement"], int8["Agreement"]) == ("–", "0.9877")
    assert int8["Variant"] == "int8¹"
    assert (as_trained["Operators"], int8["Operators"]) == ("–", "8 bits: 5 Conv, 3 Gemm; 32 bits: 9 MatMul")
    assert "¹ lost its parity (τ 0.988)" in text


def test_a_variant_of_one_seed_is_held_against_the_fit_it_was_made_of():
    """The row's other seeds, with other values, are none of its."""
    teacher, fit, small = records()
    other = quality("FND XS", auc=0.70, seed=1, teacher=teacher.fit.trial)
    (alone,), (among,) = (read_tables(section([teacher, fit, small, *more], [])) for more in ([], [other]))
    assert among[1]["Change"] == alone[1]["Change"]
    assert among[0]["AUC"] != alone[0]["AUC"]
