"""Corrected p-values by hand, and groups of ties against every pair."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from outfitbench.core.errors import InputError
from outfitbench.evaluation.metrics import holm, tie_groups


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


@pytest.mark.parametrize(
    ("apart", "by_hand"),
    [
        ([], []),
        ([(0, 1), (0, 2), (1, 2)], [[0], [1], [2]]),
        ([(0, 2)], [[0, 1], [1, 2]]),
        ([(0, 1)], [[0, 2], [1, 2]]),
    ],
)
def test_groups_of_three_by_hand(apart, by_hand):
    told = np.zeros((3, 3), dtype=bool)
    for i, j in apart:
        told[i, j] = told[j, i] = True
    assert tie_groups(told) == (by_hand or [[0, 1, 2]])


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_two_rows_share_a_group_exactly_where_they_are_tied(share):
    for draw in range(20):
        upper = np.triu(np.random.default_rng([draw, int(10 * share)]).random((12, 12)) < share, 1)
        told = upper | upper.T
        groups = tie_groups(told)
        for i, j in combinations(range(12), 2):
            assert any(i in group and j in group for group in groups) == (not told[i, j])
        assert {row for group in groups for row in group} == set(range(12))


def test_no_rows_no_groups():
    assert tie_groups(np.zeros((0, 0), dtype=bool)) == []
