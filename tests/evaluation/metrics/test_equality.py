"""Equal but for rounding: what is one number, and what is not."""

from __future__ import annotations

import numpy as np
from outfitbench.evaluation.metrics import best, exceeds, places, same
from scipy.stats import rankdata


def test_two_spellings_are_one_number():
    assert same(0.1 + 0.2, 0.3)
    assert same(0.1 + 0.2 - 0.3, 0)
    assert same(np.mean([0.1] * 7), 0.1)
    assert not same(0.3, 0.3 + 1e-9)
    assert not same(np.nan, np.nan)


def test_all_spellings_of_the_best_are_best():
    assert best([0.3, 0.1 + 0.2, 0.2, np.nan]).tolist() == [True, True, False, False]
    assert best([np.nan, np.nan]).tolist() == [False, False]
    assert best([]).tolist() == []


def test_more_by_rounding_is_no_more():
    assert exceeds([0.1 + 0.2, 0.3 + 1e-9, 0.2, np.nan], 0.3).tolist() == [False, True, False, False]
    assert exceeds(0.5, -np.inf)


def test_places_are_shared_by_all_spellings():
    """The dense ranks of the same values as whole tenths, which have one spelling each."""
    tenths = np.random.default_rng(3).integers(0, 6, size=60)
    spelled = np.where(np.arange(60) % 2, tenths / 10, np.array([sum([0.1] * n) for n in tenths]))
    np.testing.assert_array_equal(places(spelled), rankdata(tenths, method="dense") - 1)
    assert np.isnan(places([np.nan, 1.0])).tolist() == [True, False]
    assert places([]).tolist() == []
