from __future__ import annotations

import numpy as np
import pytest
from outfitbench.bench.measurement import Measurement
from outfitbench.reports.material import material_of
from outfitbench.reports.regression import regression, regression_page

from .made_records import cost, machine, measurement, quality, user_scores


def against(now, before):
    return regression(material_of(now), material_of(before))


def timed(seconds, **changes):
    """A cost of nothing but its latency."""
    return cost("A", **changes).model_copy(
        update={"measurements": {"latency": Measurement(unit="s", samples=seconds, session="5e55")}}
    )


def around(value, spread):
    return (value * (1 + spread * np.random.default_rng(0).normal(size=50))).tolist()


@pytest.mark.parametrize(
    ("before", "now", "verdict"),
    [
        (around(0.010, 0.02), around(0.013, 0.02), "worse"),
        (around(0.013, 0.02), around(0.010, 0.02), "better"),
        (around(0.010, 0.01), around(0.0104, 0.01), "noise"),  # less than two quiet runs may be apart
        (around(0.010, 1.0), around(0.012, 1.0), "noise"),  # the intervals meet
        ([0.010], [0.020], "noise"),  # there are none
        (around(0.010, 0.02), [0.020] * 5, "noise"),
    ],
)
def test_a_time_changed_where_intervals_are_apart_and_the_medians_by_more_than_drift(before, now, verdict):
    (change,) = against([timed(np.abs(now).tolist())], [timed(np.abs(before).tolist())]).changes
    assert (change.figure, change.verdict) == ("latency", verdict)


def test_the_memory_of_two_processes_is_compared_by_itself():
    """Of each there is one peak."""
    peaks = [cost("A", measured={"peak_memory": measurement(size, "byte", 1)}) for size in (1e8, 1.04e8, 2e8)]
    verdicts = {}
    for size, now in zip((1, 1.04, 2), peaks, strict=True):
        found = {change.figure: change for change in against([now], [peaks[0]]).changes}
        verdicts[size] = found["peak memory"].verdict
    assert verdicts == {1: "noise", 1.04: "noise", 2: "worse"}


def test_a_rate_that_fell_is_worse_and_a_count_that_grew_by_one_too():
    older = cost("A", measured={"file_size": measurement(1000, "byte", 1)})
    newer = cost("A", latency=0.014, measured={"file_size": measurement(1001, "byte", 1)})
    found = {change.figure: change for change in against([newer], [older]).changes}
    assert {name for name, change in found.items() if change.verdict == "worse"} == {
        *("latency", "throughput", "recommend", "file size")
    }
    assert found["throughput"].change == "0.50 times"
    assert found["parameters"].verdict == found["peak memory"].verdict == "noise"


@pytest.mark.parametrize(
    ("change", "compared"),
    [
        ({"processor": "Other CPU"}, False),
        ({"cpu_flags": ["avx2", "avx512_vnni"]}, False),
        ({"versions": {"torch": "2.12.0"}}, True),
    ],
)
def test_two_kinds_of_machine_are_never_compared_and_two_versions_are(change, compared):
    found = against([cost("A", latency=0.1, machine=machine(**change))], [cost("A", latency=0.01)])
    assert bool(found.changes) == compared
    assert any("another kind of machine" in sentence for sentence in found.apart) != compared


@pytest.mark.parametrize(
    ("effort", "compared"),
    [
        ({"recommend_runs": 6, "recommend_candidates": 100}, True),
        ({"recommend_runs": 3, "recommend_candidates": 200}, True),
        ({"recommend_runs": 3, "recommend_candidates": None}, False),
    ],
)
def test_a_job_of_another_size_is_no_slower_one(effort, compared):
    size = {"recommend_candidates": 100 if effort["recommend_runs"] == 6 else 200}
    before = timed(around(0.010, 0.02), workload="recommend", effort={"recommend_runs": 10} | size)
    found = against([timed(around(0.050, 0.02), workload="recommend", effort=effort)], [before])
    assert [change.verdict for change in found.changes] == (["worse"] if compared else [])
    assert found.apart == (() if compared else ("1 row of costs that the other report does not have",))


def test_quality_is_held_user_by_user_on_the_same_candidates_alone():
    before = [quality("A", auc=0.90), quality("B", auc=0.90)]
    now = [quality("A", auc=0.85), quality("B", auc=0.90)]
    found = against(now, before)
    verdicts = {(change.row.split(",")[0], change.figure): change.verdict for change in found.changes}
    assert verdicts == {
        ("A", "AUC"): "worse",
        ("A", "NDCG"): "worse",
        ("B", "AUC"): "noise",
        ("B", "NDCG"): "noise",
    }
    assert "worse: A, closet-24, random negatives, AUC: 9" in str(found)
    others = [quality("A", auc=0.85, candidate_fingerprint="0ther")]
    found = against(others, before)
    assert not found.changes
    assert found.apart[0].startswith("closet-24, random negatives: the other report ranks no such candidates")
    found = against([*now, quality("C")], before)
    assert found.apart == ("closet-24, random negatives: the other report does not have C",)
    fewer = [quality("A", scores=user_scores(0.85, users=20))]
    assert not against(fewer, before).changes


def test_the_page_says_what_changed_and_what_was_not_compared():
    text = regression_page(against([cost("A", latency=0.1), cost("B", "student-s")], [cost("A")]))
    worse, better = text.index("## Worse"), text.index("## Better")
    assert worse < text.index("| A, PyTorch on cpu") < better
    assert "- 1 row of costs that the other report does not have" in text
    assert text == regression_page(against([cost("B", "student-s"), cost("A", latency=0.1)], [cost("A")]))
