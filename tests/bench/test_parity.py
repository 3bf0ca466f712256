from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outfitbench.bench import ParityError
from outfitbench.bench.parity import Tolerance, check_parity, compare_answers, compare_rankings


@given(st.permutations(list(range(12))))
def test_tau_counts_pairs(found):
    pairs = [(i, j) for i in range(12) for j in range(i)]
    agreeing = sum(found[i] > found[j] for i, j in pairs)
    tau, overlap = compare_rankings(list(range(12)), found)
    assert tau == pytest.approx((2 * agreeing - len(pairs)) / len(pairs))
    top = set(np.argsort(found)[-10:])
    assert overlap == len(top & set(range(2, 12))) / 10


def test_a_constant_scorer_agrees_with_itself_and_with_no_other():
    assert compare_rankings([0.5] * 4, [0.5] * 4) == (1.0, 1.0)
    assert math.isnan(compare_rankings([0.5] * 4, [0.1, 0.2, 0.3, 0.4])[0])


def test_answers_are_compared_at_their_worst():
    values = [[0.1], [0.2, 0.3], [0.4] * 5]
    right = [*values, [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]
    found = [*values, [1.0, 2.0, 3.5], [2.0, 1.0, 3.0]]
    assert compare_answers(right, found) == {
        "max_abs_difference": 1.0,
        "kendall_tau": pytest.approx(1 / 3),
        "top_k_overlap": 1.0,
    }


@pytest.mark.parametrize("place", range(5))
def test_a_score_that_is_not_a_number_is_never_passed_over(place):
    right = [[0.1, 0.2], [0.2, 0.3], [0.4, 0.5], [1.0, 2.0], [2.0, 1.0]]
    found = [list(scores) for scores in right]
    found[place][1] = math.nan
    parity = compare_answers(right, found)
    assert math.isnan(parity["max_abs_difference"])
    assert math.isnan(parity["kendall_tau"]) == (place >= 3)
    assert Tolerance(difference=1.0, tau=-1.0).missed(parity)


@pytest.mark.parametrize(
    ("difference", "tau", "found"),
    [
        (2e-4, 1.0, "scores off by up to 0.0002, expected at most 0.0001"),
        (math.nan, 1.0, "scores off by up to nan, expected at most 0.0001"),
        (0.0, 0.99, "Kendall's τ 0.990, expected at least 0.999"),
        (0.0, math.nan, "Kendall's τ nan, expected at least 0.999"),
        (0.5, 0.99, "τ 0.990, expected at least 0.999, and scores off by up to 0.5, expected at most 0.0001"),
    ],
)
def test_what_does_not_agree_is_refused_with_what_is_off(difference, tau, found):
    parity = {"max_abs_difference": difference, "kendall_tau": tau, "top_k_overlap": 1.0}
    with pytest.raises(ParityError, match=rf"^engine x: found .*{found}, beside what it is held against$"):
        check_parity(parity, "engine x")


def test_a_wider_tolerance_lets_pass_what_it_allows_and_no_more():
    parity = {"max_abs_difference": 0.05, "kendall_tau": 0.9, "top_k_overlap": 1.0}
    check_parity(parity, "variant x", Tolerance(difference=0.05, tau=0.9))
    for tolerance in (Tolerance(0.04, 0.9), Tolerance(0.05, 0.91)):
        with pytest.raises(ParityError, match="variant x"):
            check_parity(parity, "variant x", tolerance)


def test_what_agrees_passes():
    check_parity({"max_abs_difference": 1e-5, "kendall_tau": 0.9995, "top_k_overlap": 1.0}, "engine x")


def test_scores_that_differ_by_rounding_only_are_ties():
    assert compare_rankings([0.1 + 0.2, 0.3, 0.1], [0.3, 0.1 + 0.2, 0.1])[0] == pytest.approx(1)
    assert compare_rankings([0.3, 0.1 + 0.2], [0.3, 0.3]) == (1.0, 1.0)
    assert math.isnan(compare_rankings([0.1, math.nan], [0.1, 0.2])[0])
