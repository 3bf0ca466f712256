from __future__ import annotations

import pytest
from outfitbench.core.errors import InputError
from outfitbench.reports.budget import budget_answers, parse_budget
from outfitbench.reports.costs import cost_groups
from outfitbench.reports.grouping import comparison_tables

from .made_records import cost, measurement, quality


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("latency=10ms", {"latency": 0.010}),
        ("latency=250us, file=1.5MiB", {"latency": 250e-6, "file": 1.5 * 2**20}),
        ("p99=.5s,memory=300MB,parameters=3M", {"p99": 0.5, "memory": 300e6, "parameters": 3e6}),
        ("file=20kB", {"file": 20e3}),
        ("energy=40mJ", {"energy": 0.040}),
    ],
)
def test_limits_are_read_in_their_units(text, limits):
    found = {limit.cost.name: limit.most for limit in parse_budget(text).limits}
    assert found == pytest.approx(limits)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("latncy=10ms", "found 'latncy', expected a cost; nearest: latency"),
        ("latency=10MB", "found 'latency=10MB', expected latency in s, ms, us, µs"),
        ("latency=10", "expected latency in s"),
        ("latency<10ms", "expected a limit like latency=10ms"),
        ("latency=-1ms", "expected a limit like latency=10ms"),
        ("latency=0ms", "expected a limit of latency above 0"),
        ("latency=10ms,latency=1s", "found latency twice, expected each cost once"),
        ("", "expected a limit like"),
    ],
)
def test_a_budget_that_cannot_be_read_is_one_line(text, words):
    with pytest.raises(InputError, match=words) as raised:
        parse_budget(text)
    assert str(raised.value).startswith("argument --budget: found ")
    assert "\n" not in str(raised.value)


RECORDS = [
    quality("Teacher", "teacher", 0.93),
    quality("XS", auc=0.88),
    quality("S", "student-s", 0.91),
    cost("Teacher", "teacher", 0.025),
    cost("XS", latency=0.008),
    cost("S", "student-s", 0.012),
]


def answers(budget, records=RECORDS):
    costs = [record for record in records if record.kind == "cost"]
    qualities = [record for record in records if record.kind == "quality"]
    return budget_answers(comparison_tables(qualities), cost_groups(costs), parse_budget(budget))


def test_the_best_inside_and_what_more_would_buy():
    (answer,) = answers("latency=10ms")
    assert answer.best.row.name == "XS"
    assert [choice.row.name for choice in answer.more] == ["S", "Teacher"]
    aucs = {choice.row.name: choice.row.mean("auc") for choice in answer.choices.each}
    assert f"for an AUC of +{100 * (aucs['S'] - aucs['XS']):.2f}; or Teacher" in str(answer)
    assert "S in PyTorch on cpu, fp32, 2 threads with AUC" in str(answer)
    assert "latency 12.0 ms (+20 %)" in str(answer)


def test_all_limits_hold_together():
    # S is quick enough and its file of 55.5 MB too large, XS the other way round.
    assert answers("latency=15ms,file=60MB")[0].best.row.name == "S"
    assert answers("latency=15ms,file=50MB")[0].best.row.name == "XS"
    assert answers("latency=7ms,file=60MB")[0].best is None


def test_a_budget_that_nothing_meets_names_what_is_nearest():
    (answer,) = answers("latency=5ms")
    assert answer.best is None
    assert "found no model within latency 5.00 ms; nearest is XS in PyTorch" in str(answer)
    assert "latency 8.00 ms (+60 %)" in str(answer)
    assert "More would buy" not in str(answer)


def test_more_that_buys_nothing_is_said_and_what_is_not_measured_is_left_out():
    slow = cost("XS", latency=0.03, engine="onnxruntime")
    few = cost("S", "student-s", engine="onnxruntime", measured={"latency": measurement(0.001, "s", 5)})
    (answer,) = answers("p99=40ms", [*RECORDS, slow, few])
    assert answer.best.row.name == "Teacher"
    assert answer.unmeasured == 1
    assert str(answer).endswith(
        "More would buy nothing better. Left out, as not all of these costs were measured: 1."
    )


def test_a_figure_with_a_flag_says_so():
    flagged = measurement(0.008, "s", flags=["not settled"])
    records = [record for record in RECORDS if record.kind == "quality"]
    (answer,) = answers("latency=5ms", [*records, cost("XS", measured={"latency": flagged})])
    assert "latency 8.00 ms (+60 %; not settled)" in str(answer)


def test_what_is_not_told_from_the_best_and_costs_less_is_named():
    """Over 24 users S ranks no better that could be seen, and costs more."""
    alike = [quality("XS", auc=0.908), quality("S", "student-s", 0.911), quality("Teacher", "teacher", 0.5)]
    costs = [record for record in RECORDS if record.kind == "cost"]
    (answer,) = answers("latency=30ms", [*alike, *costs])
    assert (answer.best.row.name, answer.tied.row.name) == ("S", "XS")
    assert (
        "is the best within latency 30.0 ms. Not told from it in AUC, and with most to spare: XS in"
        in str(answer)
    )
    (answer,) = answers("latency=10ms", [*alike, *costs])
    assert answer.best.row.name == "XS"
    assert str(answer).endswith(", which nothing tells from none.")
    (answer,) = answers("latency=10ms")
    assert "nothing tells from none" not in str(answer)
    (answer,) = answers("latency=30ms")
    assert answer.tied is None
