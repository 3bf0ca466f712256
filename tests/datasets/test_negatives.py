"""Negatives: every rule of the evaluation, against brute force over all outfits that the items can make."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outfitbench.core.errors import InputError
from outfitbench.datasets.negatives import sample_negatives
from outfitbench.datasets.tables import NO_ITEM, OutfitTable
from scipy.stats import chisquare

from .few_outfits import ITEM_CATEGORY, as_set, outfits_like, outfits_of_others, posted, table, tables


class TestRandom:
    @given(tables(), st.integers(1, 5), st.integers(0, 2**63))
    def test_are_what_they_may_be_or_are_refused(self, positives, per_positive, seed):
        allowed = [outfits_like(outfit, positives) for outfit in positives.items]
        if not all(allowed):
            with pytest.raises(InputError, match="random negatives: found positives that are all"):
                sample_negatives(positives, ITEM_CATEGORY, per_positive=per_positive, seed=seed)
            return
        negatives = sample_negatives(positives, ITEM_CATEGORY, per_positive=per_positive, seed=seed)
        assert negatives.items.dtype == negatives.users.dtype == np.int32
        assert len(negatives) == per_positive * len(positives)
        for row, outfit in enumerate(negatives.items):
            assert negatives.users[row] == positives.users[row // per_positive]
            assert tuple(outfit.tolist()) in allowed[row // per_positive]

    @pytest.mark.parametrize(
        "positives",
        [
            table((0, [0, 5, 10]), (1, [1, 6, 11]), (1, [2, 6, 10])),
            table((0, [0, 1, 5, 10]), (1, [2, NO_ITEM, 6, 11]), (0, [3, 2, 5, 11])),
        ],
        ids=["fixed size", "variable size"],
    )
    def test_are_uniform_over_what_they_may_be(self, positives):
        each = 20_000
        negatives = sample_negatives(positives, ITEM_CATEGORY, per_positive=each, seed=1)
        for row, outfit in enumerate(positives.items):
            drawn = Counter(map(tuple, negatives.items[row * each : (row + 1) * each].tolist()))
            counts = [drawn[slots] for slots in outfits_like(outfit, positives)]
            assert sum(counts) == each
            assert chisquare(counts).pvalue > 1e-3

    def test_popular_items_are_drawn_no_more_often_than_others(self):
        positives = table(*((0, [0, 5 + shoe, 10 + shoe]) for shoe in range(5)), (1, [1, 5, 11]))
        # Top 0 is in five of the positives, top 1 in one.
        drawn = sample_negatives(positives, ITEM_CATEGORY, per_positive=10_000, seed=1).items
        tops = np.array(outfits_like(positives.items[0], positives))[:, 0]
        assert chisquare(np.bincount(drawn[:, 0]), np.bincount(tops) * len(drawn) / len(tops)).pvalue > 1e-3

    def test_two_tops_are_the_same_outfit_in_either_order(self):
        positives = table((0, [0, 1, 5, 10]), (0, [0, 2, 5, 10]))  # leaves tops 1 and 2, in two orders
        negatives = sample_negatives(positives, ITEM_CATEGORY, per_positive=50, seed=3)
        assert {tuple(sorted(tops)) for tops in negatives.items[:, :2].tolist()} == {(1, 2)}

    def test_items_of_no_positive_are_never_drawn(self):
        positives = table((0, [0, 5, 10]), (1, [3, 9, 14]))
        negatives = sample_negatives(positives, ITEM_CATEGORY, per_positive=100, seed=0)
        assert set(negatives.distinct_items) == set(positives.distinct_items)

    def test_the_last_outfit_left_is_found(self):
        """All but one of 125 outfits posted: found without an endless loop."""
        every = list(product(range(5), range(5, 10), range(10, 15)))
        positives = table(*((0, list(outfit)) for outfit in every[:-1]))
        negatives = sample_negatives(positives, ITEM_CATEGORY, per_positive=3, seed=0)
        assert (negatives.items == every[-1]).all()

    def test_one_outfit_alone_is_refused(self):
        with pytest.raises(InputError, match=r"all the outfits their items can make \(1\)"):
            sample_negatives(table((0, [0, 5, 10])), ITEM_CATEGORY)


class TestHard:
    @given(tables(), st.integers(1, 5), st.integers(0, 2**63))
    def test_are_what_they_may_be_or_are_refused(self, positives, per_positive, seed):
        allowed = [outfits_of_others(row, positives) for row in range(len(positives))]
        if not all(allowed):
            with pytest.raises(
                InputError, match=r"hard negatives: found no outfit that user \d has not posted"
            ):
                sample_negatives(positives, ITEM_CATEGORY, per_positive=per_positive, hard=1.0, seed=seed)
            return
        negatives = sample_negatives(positives, ITEM_CATEGORY, per_positive=per_positive, hard=1.0, seed=seed)
        assert len(negatives) == per_positive * len(positives)
        for row, outfit in enumerate(negatives.items.tolist()):
            assert negatives.users[row] == positives.users[row // per_positive]
            assert outfit in positives.items[allowed[row // per_positive]].tolist()

    def test_are_uniform_over_the_outfits_of_others(self):
        positives = table(
            (0, [0, 5, 10]),
            (2, [1, 5, 10]),
            (0, [2, 5, 10]),
            (1, [3, 5, 10]),
            (2, [4, 5, 10]),
            (2, [0, 5, 10]),
        )
        each = 20_000
        negatives = sample_negatives(positives, ITEM_CATEGORY, per_positive=each, hard=1.0, seed=1)
        for row in range(len(positives)):
            drawn = Counter(negatives.items[row * each : (row + 1) * each, 0].tolist())
            rows = Counter(positives.items[outfits_of_others(row, positives), 0].tolist())
            assert drawn.keys() == rows.keys()
            expected = np.array([rows[top] for top in drawn]) * each / rows.total()
            assert chisquare(list(drawn.values()), expected).pvalue > 1e-3

    def test_a_user_who_posted_nearly_everything_is_served(self):
        mine = [(7, list(outfit)) for outfit in product(range(5), range(5, 10), range(10, 14))]
        negatives = sample_negatives(table(*mine, (0, [4, 9, 14])), ITEM_CATEGORY, hard=1.0)
        assert (negatives.items[:-10] == [4, 9, 14]).all()

    @pytest.mark.parametrize(
        "positives",
        [
            table((3, [0, 5, 10]), (3, [1, 6, 11])),
            table((3, [0, 1, 5, 10]), (1, [1, 0, 5, 10]), (1, [2, 3, 5, 10])),
        ],
        ids=["one user", "all others' outfits are the user's own"],
    )
    def test_without_another_users_outfit_are_refused(self, positives):
        with pytest.raises(InputError, match=r"user [13] has not posted, expected outfits of other users"):
            sample_negatives(positives, ITEM_CATEGORY, hard=1.0)


class TestMixed:
    positives = table(*((user, [user % 5, 5 + user % 5, 10 + user % 5]) for user in range(40)))

    @given(share=st.floats(0, 1), per_positive=st.integers(1, 6), seed=st.integers(0, 99))
    def test_the_share_is_met(self, share, per_positive, seed):
        rows = per_positive * len(self.positives)
        negatives = sample_negatives(
            self.positives, ITEM_CATEGORY, per_positive=per_positive, hard=share, seed=seed
        )
        hard = np.array([as_set(outfit) in posted(self.positives) for outfit in negatives.items])
        assert hard.sum() == round(share * rows)  # a random negative is never a positive, a hard one always
        by_positive = hard.reshape(-1, per_positive).sum(axis=1)
        assert by_positive.max() - by_positive.min() <= 1

    def test_the_remainder_is_dealt_out_at_random(self):
        draws = [
            sample_negatives(self.positives, ITEM_CATEGORY, per_positive=1, hard=0.5, seed=seed)
            for seed in range(200)
        ]
        hard = [[as_set(outfit) in posted(self.positives) for outfit in draw.items] for draw in draws]
        assert chisquare(np.sum(hard, axis=0)).pvalue > 1e-3


class TestAvoid:
    """What a user posted elsewhere is no negative of that user, and of that user only."""

    @given(tables(), tables(), st.integers(1, 5), st.integers(0, 2**63))
    def test_random_ones_hold_nothing_that_the_user_posted(self, positives, avoid, per_positive, seed):
        positives, avoid = same_slots(positives, avoid)
        allowed = [
            [slots for slots in outfits_like(outfit, positives) if as_set(np.array(slots)) not in own]
            for outfit, own in zip(positives.items, own_of(positives, avoid), strict=True)
        ]
        options = {"per_positive": per_positive, "seed": seed, "avoid": avoid}
        if not all(allowed):
            with pytest.raises(InputError, match="random negatives: found positives that are all"):
                sample_negatives(positives, ITEM_CATEGORY, **options)
            return
        for row, outfit in enumerate(sample_negatives(positives, ITEM_CATEGORY, **options).items):
            assert tuple(outfit.tolist()) in allowed[row // per_positive]

    @given(tables(), tables(), st.integers(1, 5), st.integers(0, 2**63))
    def test_hard_ones_hold_nothing_that_the_user_posted(self, positives, avoid, per_positive, seed):
        positives, avoid = same_slots(positives, avoid)
        allowed = [
            [
                other
                for other in outfits_of_others(row, positives)
                if as_set(positives.items[other]) not in own
            ]
            for row, own in enumerate(own_of(positives, avoid))
        ]
        options = {"per_positive": per_positive, "seed": seed, "avoid": avoid, "hard": 1.0}
        if not all(allowed):
            with pytest.raises(
                InputError, match=r"hard negatives: found no outfit that user \d has not posted"
            ):
                sample_negatives(positives, ITEM_CATEGORY, **options)
            return
        for row, outfit in enumerate(sample_negatives(positives, ITEM_CATEGORY, **options).items.tolist()):
            assert outfit in positives.items[allowed[row // per_positive]].tolist()

    @pytest.mark.parametrize("hard", [0.0, 0.5, 1.0])
    def test_what_holds_nothing_new_changes_nothing(self, hard):
        positives = TestMixed.positives
        plain = sample_negatives(positives, ITEM_CATEGORY, hard=hard, seed=5)
        avoiding = sample_negatives(positives, ITEM_CATEGORY, hard=hard, seed=5, avoid=positives)
        np.testing.assert_array_equal(plain.items, avoiding.items)


def same_slots(one: OutfitTable, other: OutfitTable) -> tuple[OutfitTable, OutfitTable]:
    """Both tables with four slots."""

    def widen(outfits: OutfitTable) -> OutfitTable:
        if outfits.items.shape[1] == 4:
            return outfits
        return OutfitTable(outfits.users, np.insert(outfits.items, 1, NO_ITEM, axis=1))

    return widen(one), widen(other)


def own_of(positives: OutfitTable, avoid: OutfitTable) -> list[set[frozenset[int]]]:
    """For each positive, what its user posted elsewhere."""
    return [posted(avoid.take(avoid.users == user)) for user in positives.users]


@given(tables(), st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 2**63))
def test_the_seed_decides(positives, share, seed):
    def draw(seed: int) -> list[list[int]] | None:
        try:
            return sample_negatives(positives, ITEM_CATEGORY, hard=share, seed=seed).items.tolist()
        except InputError:
            return None

    assert draw(seed) == draw(seed)


def test_another_seed_draws_others():
    positives = TestMixed.positives
    draws = [sample_negatives(positives, ITEM_CATEGORY, seed=seed).items for seed in (0, 1)]
    assert (draws[0] != draws[1]).any()


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_no_positives_have_no_negatives(share):
    none = OutfitTable(np.empty(0, dtype=np.int32), np.empty((0, 3), dtype=np.int32))
    assert sample_negatives(none, ITEM_CATEGORY, hard=share).items.shape == (0, 3)


@pytest.mark.parametrize(
    ("options", "argument"),
    [({"per_positive": 0}, "per_positive"), ({"hard": -0.1}, "hard"), ({"hard": float("nan")}, "hard")],
)
def test_refuses_bad_arguments(options, argument):
    with pytest.raises(InputError, match=f"argument {argument}: found"):
        sample_negatives(TestMixed.positives, ITEM_CATEGORY, **options)
