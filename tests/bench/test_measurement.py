from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outfitbench.bench import Measurement

samples = st.lists(st.floats(1e-9, 1e6), min_size=1, max_size=60)


@given(samples, st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_percentile_is_numpys_nearest_rank(values, share):
    expected = np.percentile(values, share * 100, method="inverted_cdf")
    assert Measurement(unit="s", samples=values).percentile(share) == expected


def test_statistics_by_hand():
    measurement = Measurement(unit="s", samples=[4.0, 1.0, 2.0, 3.0])
    assert (measurement.n, measurement.median, measurement.mean) == (4, 2.5, 2.5)
    assert measurement.sd == pytest.approx(math.sqrt(5 / 3))


def test_median_interval_is_the_tabulated_order_statistics():
    # Conover, Practical Nonparametric Statistics: n = 10 → 2nd and 9th, n = 20 → 6th and 15th.
    for n, (low, high) in {10: (2, 9), 20: (6, 15)}.items():
        assert Measurement(unit="s", samples=list(range(1, n + 1))).median_interval() == (low, high)


def test_nothing_measured_is_not_a_number():
    blank = Measurement(unit="s", samples=[], flags=["no dataset"])
    assert blank.n == 0
    assert all(map(math.isnan, (blank.median, blank.mean, blank.sd, blank.percentile(0.95))))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_samples_are_finite(bad):
    with pytest.raises(ValueError, match="finite"):
        Measurement(unit="s", samples=[bad])


def test_a_ratio_holds_within_a_session_only():
    turns = {"unit": "s", "samples": [2.0, 2.0, 6.0, 6.0], "turns": [2, 2]}
    base = {"unit": "s", "samples": [1.0, 1.0, 3.0, 3.0], "turns": [2, 2]}
    today, later = Measurement(**turns, session="a"), Measurement(**base, session="b")
    assert today.ratio_to(Measurement(**base, session="a")) == 2.0
    assert math.isnan(today.ratio_to(later))
    assert math.isnan(today.ratio_to(Measurement(**base)))


def test_what_is_counted_needs_no_session():
    assert Measurement(unit="1", samples=[6]).ratio_to(Measurement(unit="1", samples=[3])) == 2.0


@pytest.mark.parametrize("turns", [[1], [2, 2], [4, -1], [3, 0]])
def test_turns_hold_every_sample(turns):
    with pytest.raises(ValueError, match="turns"):
        Measurement(unit="s", samples=[1.0, 2.0, 3.0], turns=turns)


def test_the_interval_of_a_ratio_is_that_of_the_turns_own_ratios():
    drift = [1.0, 4.0, 2.0, 8.0, 1.5, 3.0, 6.0, 2.5]
    factors = [1.9, 2.0, 2.1, 2.2, 2.3, 2.4, 2.5, 2.6]
    turns = [1] * len(drift)
    base = Measurement(unit="s", samples=drift, turns=turns)
    slow = Measurement(unit="s", samples=[a * b for a, b in zip(drift, factors, strict=True)], turns=turns)
    # Of eight, the extremes: the median lies outside with a probability of 2 / 2⁸.
    assert slow.ratio_interval(base) == pytest.approx((1.9, 2.6))
    assert base.ratio_interval(base) == (1.0, 1.0)
    elsewhere = base.model_copy(update={"session": "another"})
    assert all(math.isnan(edge) for edge in slow.ratio_interval(elsewhere))


def test_unsteadiness_is_that_of_turns():
    by_turns = [1.0, 1.2, 3.0], [9.0], [1.0, 1.4], [1.5]  # medians 1.2, 9.0, 1.2, 1.5: from 1.2 to 9.0
    samples, turns = [sample for turn in by_turns for sample in turn], [len(turn) for turn in by_turns]
    found = Measurement(unit="s", samples=samples, turns=turns).unsteadiness
    assert found == pytest.approx((9.0 - 1.2) / 2 / 1.35)
    assert math.isnan(Measurement(unit="s", samples=[1.0, 2.0, 3.0], turns=[1, 1, 1]).unsteadiness)
    assert math.isnan(Measurement(unit="s", samples=[1.0, 2.0, 3.0, 4.0]).unsteadiness)
