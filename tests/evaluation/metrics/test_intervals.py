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


def test_no_spread_no_width():
    assert bootstrap_interval([0.8]) == (0.8, 0.8)
    assert bootstrap_interval([0.1] * 7) == (0.1, 0.1)


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([], {}, r"values: found shape \(0,\)"),
        ([[0.1]], {}, r"values: found shape \(1, 1\)"),
        ([0.1, np.nan], {}, r"values\[1\]: found nan, expected a finite number"),
        ([0.1], {"level": 95}, "level: found 95, expected a confidence level between 0 and 1"),
        ([0.1], {"resamples": 0}, "resamples: found 0, expected 1 or more"),
    ],
)
def test_bad_input_is_one_clear_line(values, options, message):
    with pytest.raises(InputError, match=message):
        bootstrap_interval(values, **options)
