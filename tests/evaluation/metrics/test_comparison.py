"""Paired comparison against scipy's tests and on made differences."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from outfitbench.core.errors import InputError
from outfitbench.evaluation.metrics import bootstrap_interval, holm, paired_comparison, per_user_auc
from scipy.stats import wilcoxon

RNG = np.random.default_rng(5)
HARDNESS = RNG.beta(9, 2, size=120)
BETTER = HARDNESS + 0.01 + 0.02 * RNG.normal(size=120)


def test_p_value_and_interval_are_of_the_differences():
    found = paired_comparison(BETTER, HARDNESS, seed=4)
    assert found.difference == pytest.approx(np.mean(BETTER - HARDNESS))
    assert (found.low, found.high) == bootstrap_interval(BETTER - HARDNESS, seed=4)
    assert found.p_value == pytest.approx(wilcoxon(BETTER, HARDNESS).pvalue)


def test_pairing_shows_a_difference_that_the_methods_own_intervals_hide():
    found = paired_comparison(BETTER, HARDNESS)
    assert found.low > 0
    assert found.p_value < 0.001
    assert bootstrap_interval(HARDNESS)[1] > bootstrap_interval(BETTER)[0]


def test_order_turns_the_sign():
    forth, back = paired_comparison(BETTER, HARDNESS), paired_comparison(HARDNESS, BETTER)
    assert (back.difference, back.low, back.high) == pytest.approx(
        (-forth.difference, -forth.high, -forth.low)
    )
    assert back.p_value == pytest.approx(forth.p_value)


@pytest.mark.parametrize("users", [1, 2, 5, 60])
def test_equal_methods(users):
    found = paired_comparison(HARDNESS[:users], HARDNESS[:users])
    assert (found.difference, found.low, found.high, found.p_value) == (0, 0, 0, 1)


@pytest.mark.parametrize("unequal", [1, 3, 30, 110])
def test_users_on_whom_the_methods_agree_are_dropped_from_the_test(unequal):
    mixed = np.where(np.arange(120) < unequal, BETTER, HARDNESS)
    found = paired_comparison(mixed, HARDNESS)
    assert found.p_value == pytest.approx(wilcoxon((mixed - HARDNESS)[:unequal]).pvalue)


def test_one_user_proves_nothing():
    assert paired_comparison([0.9], [0.1]).p_value == 1


def test_equal_values_in_two_spellings_are_no_difference():
    found = paired_comparison(np.full(20, 0.1) + 0.2, np.full(20, 0.3))
    assert (found.difference, found.low, found.high, found.p_value) == (0, 0, 0, 1)


def test_opposite_differences_cancel():
    a, b = np.array([0.7, 0.6, 0.5, 0.4]), np.array([0.6, 0.7, 0.4, 0.5])
    found = paired_comparison(a, b)
    assert found.difference == 0
    assert found.p_value == 1
    assert (found.low, found.high) == (pytest.approx(-0.1), pytest.approx(0.1))


def exact_p_value(differences: list[Fraction]) -> float:
    """Wilcoxon's p of whole numbers in the same order: 1 for the least magnitude, 2 for the next, ..."""
    place = {size: n for n, size in enumerate(sorted({abs(d) for d in differences if d}), start=1)}
    whole = np.array([place[abs(d)] * (1 if d > 0 else -1) for d in differences if d])
    return float(wilcoxon(whole).pvalue) if whole.size else 1.0


def exact_aucs(scores, labels, users) -> list[Fraction]:
    """Counted pair by pair."""
    found = []
    for user in np.unique(users):
        own = users == user
        positives, negatives = scores[own & labels][:, None], scores[own & ~labels]
        twice = 2 * (positives > negatives).sum() + (positives == negatives).sum()
        found.append(Fraction(int(twice), 2 * positives.size * negatives.size))
    return found


@pytest.mark.parametrize("negatives", [30, 7, [30, 29, 11]])
@pytest.mark.parametrize("levels", [1000, 20])
@pytest.mark.parametrize("seeds", [1, 3])
def test_p_value_is_that_of_the_differences_as_whole_numbers(negatives, levels, seeds):
    """AUCs are ratios of whole numbers; fifty users of three positives have many equal differences."""
    for draw in range(10):
        rng = np.random.default_rng([draw, levels, seeds])
        sizes = np.resize(negatives, 60) + 3
        users = np.repeat(np.arange(60), sizes)
        labels = np.concatenate([np.arange(size) < 3 for size in sizes])
        floats, fractions = [], []
        for better in (0.0, 0.1):
            scores = [(rng.random(len(users)) + better * labels) * levels // 1 for _ in range(seeds)]
            floats.append(np.mean([per_user_auc(drawn, labels, users) for drawn in scores], axis=0))
            exact = [exact_aucs(drawn, labels, users) for drawn in scores]
            fractions.append([sum(of_user) / seeds for of_user in zip(*exact, strict=True)])
        expected = exact_p_value([a - b for a, b in zip(*fractions, strict=True)])
        assert paired_comparison(*floats, resamples=1).p_value == pytest.approx(expected, rel=0, abs=1e-12)


@pytest.mark.parametrize("users", [5, 20, 60])
@pytest.mark.parametrize("denominator", [8, 60, 8192])
def test_rounding_in_the_last_digits_changes_nothing(users, denominator):
    for draw in range(5):
        rng = np.random.default_rng([draw, users, denominator])
        ours, theirs = rng.integers(denominator + 1, size=(2, users))
        noisy = ours / denominator * (1 + 4e-16 * rng.uniform(-1, 1, size=users))
        found = paired_comparison(noisy, theirs / denominator, resamples=1)
        expected = exact_p_value([Fraction(int(d), denominator) for d in ours - theirs])
        assert found.p_value == pytest.approx(expected, rel=0, abs=1e-12)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([0.1, 0.2], [0.1], "b: found 1 values, expected 2, one for each user of a"),
        ([0.1], [np.inf], r"b\[0\]: found inf, expected a finite number"),
        ([], [], r"a: found shape \(0,\)"),
    ],
)
def test_bad_input_is_one_clear_line(a, b, message):
    with pytest.raises(InputError, match=message):
        paired_comparison(a, b)


@pytest.mark.parametrize(
    ("p_values", "by_hand"),
    [
        ([0.02], [0.02]),
        # 5 · 0.001, 4 · 0.01, 3 · 0.02, 2 · 0.3, then 1 · 0.5, which the one before holds up
        ([0.5, 0.001, 0.3, 0.02, 0.01], [0.6, 0.005, 0.6, 0.06, 0.04]),
        # 3 · 0.04 and 2 · 0.045: the second may not fall below the first
        ([0.045, 0.04, 0.9], [0.12, 0.12, 0.9]),
        ([0.4, 0.5, 0.6], [1, 1, 1]),
        ([0.01, 0.01], [0.02, 0.02]),
        ([], []),
    ],
)
def test_holm_by_hand(p_values, by_hand):
    assert holm(p_values).tolist() == pytest.approx(by_hand)


@pytest.mark.parametrize("wrong", [1.2, -0.1, float("nan")])
def test_holm_takes_probabilities(wrong):
    with pytest.raises(InputError, match=r"p_values\[1\]: found .*, expected a number from 0 to 1"):
        holm([0.1, wrong])
