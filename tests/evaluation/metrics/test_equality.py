"""Equal but for rounding: what is one number, and what is not."""

from __future__ import annotations

import numpy as np
import pytest
from outfitbench.evaluation.metrics import best, exceeds, places, same
from outfitbench.evaluation.metrics.equality import settled
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


def test_equal_magnitudes_become_one_and_zeros_zero():
    spelled = np.array([0.3 - 0.2, 0.2 - 0.3, 0.2 - 0.1, 0.1 + 0.2 - 0.3, 0.0, 0.5])
    found = settled(spelled, scale=0.5)
    assert found[0] == -found[1] == found[2] == spelled[0]
    assert found[3] == found[4] == 0
    assert found[5] == 0.5


@pytest.mark.parametrize("value", [2.0**-13, 0.5e-9, 1 / 3])
def test_a_value_between_the_points_of_a_decimal_grid_stays_whole(value):
    spelled = value * (1 + 2e-16 * np.arange(-4, 5))
    assert len(set(settled(spelled, scale=1.0))) == 1


def test_what_differs_stays_to_the_bit():
    values = np.random.default_rng(0).normal(size=200)
    np.testing.assert_array_equal(settled(values, scale=5.0), values)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_rounding_is_relative_to_the_numbers_that_were_subtracted(scale):
    a, b = np.array([0.1 + 0.2, 0.7]) * scale, np.array([0.3, 0.4]) * scale
    np.testing.assert_allclose(settled(a - b, scale=0.7 * scale), [0, 0.3 * scale], rtol=1e-9)
    assert settled(a - b, scale=0.7 * scale)[0] == 0


def test_no_differences():
    assert settled([], scale=0.0).shape == (0,)
