"""Bootstrap intervals against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from outfitbench.core.errors import InputError
from outfitbench.evaluation.metrics import bootstrap_interval, intervals
from scipy.stats import bootstrap

AUC = np.random.default_rng(1).beta(9, 2, size=200)
"""What per-user AUCs look like."""


@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
def test_equal_to_scipy(level):
    expected = bootstrap(
        (AUC,),
        np.mean,
        n_resamples=500,
        confidence_level=level,
        method="percentile",
        rng=np.random.default_rng(3),
    ).confidence_interval
    found = bootstrap_interval(AUC, level=level, resamples=500, seed=3)
    assert found == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_close_to_the_normal_interval():
    low, high = bootstrap_interval(AUC)
    half = 1.96 * AUC.std(ddof=1) / np.sqrt(len(AUC))
    assert (low, high) == pytest.approx((AUC.mean() - half, AUC.mean() + half), abs=0.1 * half)


def test_the_seed_decides():
    assert bootstrap_interval(AUC, seed=1) == bootstrap_interval(AUC, seed=1)
    assert bootstrap_interval(AUC, seed=1) != bootstrap_interval(AUC, seed=2)


def test_working_in_blocks_changes_nothing(monkeypatch):
    whole = bootstrap_interval(AUC, resamples=101)
    monkeypatch.setattr(intervals, "_DRAWS_AT_ONCE", 7 * len(AUC))
    assert bootstrap_interval(AUC, resamples=101) == whole


def seeds_by_users(seeds: int, users: int, luck: float) -> np.ndarray:
    rng = np.random.default_rng(7)
    return 0.8 + luck * rng.normal(size=(seeds, 1)) + 0.04 * rng.normal(size=(seeds, users))


@pytest.mark.parametrize(("seeds", "luck"), [(2, 0.05), (5, 0.02), (5, 0.0)])
def test_users_and_seeds_are_drawn_apart(seeds, luck):
    """A loop draws some seeds, some users, and averages over each pair of them."""
    values = seeds_by_users(seeds, 30, luck)
    rng, means = np.random.default_rng(11), []
    for _ in range(2500):
        drawn_seeds, drawn_users = rng.integers(seeds, size=seeds), rng.integers(30, size=30)
        means.append(np.mean([values[s, drawn_users].mean() for s in drawn_seeds]))
    expected = np.quantile(means, [0.025, 0.975])
    found = bootstrap_interval(values, resamples=2500)
    assert found == pytest.approx(tuple(expected), abs=0.05 * float(np.ptp(expected)))


def test_luck_of_training_widens_the_interval():
    lucky, plain = seeds_by_users(5, 30, 0.05), seeds_by_users(5, 30, 0.0)
    assert np.ptp(bootstrap_interval(lucky)) > 2 * np.ptp(bootstrap_interval(plain))
    assert np.ptp(bootstrap_interval(lucky)) > 2 * np.ptp(bootstrap_interval(lucky.mean(0)))


def test_working_in_blocks_changes_nothing_with_seeds_either(monkeypatch):
    values = seeds_by_users(3, 20, 0.05)
    whole = bootstrap_interval(values, resamples=101)
    monkeypatch.setattr(intervals, "_DRAWS_AT_ONCE", 7 * 20)
    assert bootstrap_interval(values, resamples=101) == whole


def test_no_spread_no_width():
    assert bootstrap_interval([0.8]) == (0.8, 0.8)
    assert bootstrap_interval([0.1] * 7) == (0.1, 0.1)
    assert bootstrap_interval([[0.1] * 7] * 3) == (0.1, 0.1)


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([], {}, r"values: found shape \(0,\)"),
        ([[[0.1]]], {}, r"values: found shape \(1, 1, 1\)"),
        ([[0.1, np.inf]], {}, r"values\[0, 1\]: found inf, expected a finite number"),
        ([0.1, np.nan], {}, r"values\[1\]: found nan, expected a finite number"),
        ([0.1], {"level": 95}, "level: found 95, expected a confidence level between 0 and 1"),
        ([0.1], {"resamples": 0}, "resamples: found 0, expected 1 or more"),
    ],
)
def test_bad_input_is_one_clear_line(values, options, message):
    with pytest.raises(InputError, match=message):
        bootstrap_interval(values, **options)
