"""Negatives that are all different, as a ranking of them asks: against brute force."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outfitbench.core.errors import InputError
from outfitbench.datasets.negatives import sample_negatives
from scipy.stats import chisquare

from .few_outfits import ITEM_CATEGORY, as_set, outfits_like, outfits_of_others, table, tables


class TestRandom:
    @given(tables(), st.integers(1, 12), st.integers(0, 2**63))
    def test_the_random_ones_of_a_positive_are_all_different_or_refused(self, positives, per_positive, seed):
        options = {"per_positive": per_positive, "seed": seed, "distinct": True}
        allowed = [
            {as_set(np.array(slots)) for slots in outfits_like(outfit, positives)}
            for outfit in positives.items
        ]
        if min(map(len, allowed)) < per_positive:
            with pytest.raises(InputError, match="random negatives: found positives that are all"):
                sample_negatives(positives, ITEM_CATEGORY, **options)
            return
        drawn = sample_negatives(positives, ITEM_CATEGORY, **options).items
        for own, may in zip(np.split(drawn, len(positives)), allowed, strict=True):
            outfits = set(map(as_set, own))
            assert len(outfits) == per_positive
            assert outfits <= may

    def test_each_is_drawn_as_often_as_any_other(self):
        positives = table((0, [0, 5, 10]), (1, [1, 6, 11]))  # leaves six
        drawn = np.concatenate(
            [
                sample_negatives(positives, ITEM_CATEGORY, per_positive=4, distinct=True, seed=seed).items
                for seed in range(2_000)
            ]
        )
        counts = Counter(map(tuple, drawn.tolist()))
        assert len(counts) == 6
        assert chisquare(list(counts.values())).pvalue > 1e-3

    def test_the_random_ones_of_a_user_are_all_different_where_the_items_make_enough(self):
        positives = table(*((user, [n, 5 + n, 10 + n]) for user in (0, 1) for n in range(5)))  # leaves 120
        drawn = sample_negatives(positives, ITEM_CATEGORY, per_positive=10, distinct=True, seed=2)
        for user in (0, 1):
            own = list(map(as_set, drawn.take(drawn.users == user).items))
            assert len(own) == len(set(own)) == 50

    def test_the_random_ones_of_a_user_repeat_only_in_another_positive_where_the_items_make_too_few(self):
        positives = table(
            *((0, [n, 5, 10 + n]) for n in range(3))
        )  # leaves six, of which thrice four are asked
        drawn = sample_negatives(positives, ITEM_CATEGORY, per_positive=4, distinct=True, seed=2).items
        assert [len(set(map(as_set, four))) for four in np.split(drawn, 3)] == [4, 4, 4]


@pytest.fixture(scope="class", params=[None, 0], ids=["from decks", "drawn, as of millions"])
def large(request):
    """What is done for few outfits, and for so many that no deck of all can be shuffled for each user."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param is not None:
            patch.setattr("outfitbench.datasets.others_outfits._MOST_SHUFFLED", request.param)
        yield


@pytest.mark.usefixtures("large")
class TestHard:
    @given(tables(), st.integers(1, 12), st.integers(0, 2**63))
    def test_those_of_a_user_repeat_only_when_all_have_come(self, positives, per_positive, seed):
        allowed = [
            {as_set(positives.items[other]) for other in outfits_of_others(row, positives)}
            for row in range(len(positives))
        ]
        if not all(allowed):
            return  # refused, as `TestHard` holds
        options = {"per_positive": per_positive, "hard": 1.0, "distinct": True, "seed": seed}
        drawn = sample_negatives(positives, ITEM_CATEGORY, **options)
        for user in np.unique(positives.users):
            may = allowed[int(np.argmax(positives.users == user))]
            counts = Counter(map(as_set, drawn.take(drawn.users == user).items))
            assert counts.keys() <= may
            times = [counts[outfit] for outfit in may]
            assert max(times) - min(times) <= 1
        for row, own in enumerate(np.split(drawn.items, len(positives))):
            assert len(set(map(as_set, own))) == min(per_positive, len(allowed[row]))

    def test_each_comes_as_often_as_any_other(self):
        positives = table((0, [0, 5, 10]), *((1 + n % 2, [n, 6, 11]) for n in range(5)))
        drawn = np.concatenate(
            [
                sample_negatives(
                    positives, ITEM_CATEGORY, per_positive=2, hard=1.0, distinct=True, seed=seed
                ).items[:2, 0]
                for seed in range(2_000)
            ]
        )
        assert chisquare(np.bincount(drawn, minlength=5)).pvalue > 1e-3

    def test_they_are_nothing_that_the_user_posted_elsewhere(self):
        positives = table((0, [0, 5, 10]), *((1, [n, 6, 11]) for n in range(5)))
        avoid = table((0, [2, 6, 11]), (1, [0, 5, 10]), (0, [4, 9, 14]))
        options = {"per_positive": 8, "hard": 1.0, "distinct": True}
        with pytest.raises(InputError, match="no outfit that user 1 has not posted"):
            sample_negatives(positives, ITEM_CATEGORY, avoid=avoid, **options)
        avoid = avoid.take(avoid.users == 0)
        tops = sample_negatives(positives, ITEM_CATEGORY, avoid=avoid, **options).items[:8, 0]
        assert np.bincount(tops, minlength=5).tolist() == [2, 2, 0, 2, 2]
