"""Paired comparison against scipy's tests and on made differences."""

from __future__ import annotations

import numpy as np
import pytest
from outfitbench.datasets.errors import InputError
from outfitbench.suites.metrics import bootstrap_interval, paired_comparison
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
