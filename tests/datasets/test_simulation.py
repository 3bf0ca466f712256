from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from outfitbench.datasets.simulation import Dice, StyleMixture, draw_activity, draw_outfits, draw_tastes
from outfitbench.datasets.splits import shared_items

EVERY_STYLE_CONTRASTS = ~np.eye(5, dtype=bool)


def small_mixture(items_per_category: int = 26, users: int = 3, seed: int = 0) -> StyleMixture:
    rng = np.random.default_rng(seed)
    return StyleMixture(
        item_category=np.repeat(np.arange(3, dtype=np.int8), items_per_category),
        item_weights=rng.integers(1, 50, (3 * items_per_category, 5)),
        taste_weights=draw_tastes(users, EVERY_STYLE_CONTRASTS, Dice(seed)),
    )


def test_dice_follow_the_raw_stream_that_numpy_promises() -> None:
    words = np.random.PCG64([3, 4]).random_raw(5)
    assert Dice(3, 4).below(10, 5).tolist() == [int(word) % 10 for word in words]


def test_dice_are_fair_and_streams_differ() -> None:
    counts = np.bincount(Dice(1).below(6, 60_000), minlength=6)
    assert scipy.stats.chisquare(counts).pvalue > 1e-3
    assert Dice(1, 0).below(1000, 20).tolist() != Dice(1, 1).below(1000, 20).tolist()


def test_weighted_dice_follow_their_weights() -> None:
    weights = np.array([0, 3, 0, 5, 2])
    counts = np.bincount(Dice(2).weighted(weights, 50_000), minlength=5)
    assert counts[[0, 2]].tolist() == [0, 0]
    assert scipy.stats.chisquare(counts[weights > 0], weights[weights > 0] * 5_000).pvalue > 1e-3


@pytest.mark.parametrize("size", [1, 2, 17])
def test_an_order_is_a_permutation(size: int) -> None:
    assert sorted(Dice(5).order(size).tolist()) == list(range(size))


def test_tastes_are_sparse_contrasting_and_spread_over_the_styles() -> None:
    contrast = np.array([[abs(a - b) > 1 for b in range(8)] for a in range(8)])
    weights = draw_tastes(16, contrast, Dice(9))
    for row in weights:
        liked = np.flatnonzero(row > 1)
        assert len(liked) == 2
        assert contrast[liked[0], liked[1]]
    assert np.bincount(weights.argmax(axis=1), minlength=8).tolist() == [2] * 8


def test_activity_is_spread_around_its_mean() -> None:
    counts = draw_activity(25, 100, Dice(3))
    assert (counts.min(), counts.max()) == (75, 125)
    assert counts.mean() == pytest.approx(100, abs=0.5)


def test_the_preference_is_the_log_ratio_of_probabilities_summed_by_hand() -> None:
    """Enumerates every way in which an outfit may come about."""
    mixture = StyleMixture(
        item_category=np.int8([0, 0, 1, 1, 1]),
        item_weights=np.int64([[3, 1], [1, 5], [2, 2], [1, 7], [4, 1]]),
        taste_weights=np.int64([[3, 1]]),
        mixing_percent=30,
        stray_percent=20,
    )
    taste, members = [0.75, 0.25], {0: [0, 1], 1: [2, 3, 4]}

    def chosen(item: int, style: int, category: int) -> float:
        weights = mixture.item_weights[members[category], style]
        return 0.8 * mixture.item_weights[item, style] / weights.sum() + 0.2 / len(members[category])

    for top, bottom in itertools.product(members[0], members[1]):
        probability = 0.0
        for style in (0, 1):
            slots = [
                0.7 * chosen(item, style, category)
                + 0.3 * sum(taste[other] * chosen(item, other, category) for other in (0, 1))
                for category, item in enumerate((top, bottom))
            ]
            probability += taste[style] * slots[0] * slots[1]
        blind = 1 / 6
        found = mixture.preference(np.array([0]), np.array([[top, bottom]]))
        assert found[0] == pytest.approx(np.log(probability / blind), rel=1e-12)


def test_outfits_come_about_as_often_as_the_preference_says() -> None:
    mixture = StyleMixture(
        item_category=np.repeat(np.arange(2, dtype=np.int8), 39),
        item_weights=np.random.default_rng(1).integers(1, 9, (78, 2)),
        taste_weights=np.int64([[2, 1]] * 120),
    )
    drawn = draw_outfits(mixture, np.full(120, 130), (0, 1), 0, Dice(1))["train"]
    grid = np.stack(np.meshgrid(np.arange(39), np.arange(39, 78), indexing="ij"), axis=-1).reshape(-1, 2)
    expected = np.exp(mixture.preference(np.zeros(len(grid), int), grid)) / len(grid)
    assert expected.sum() == pytest.approx(1)
    by_top = expected.reshape(39, 39).sum(axis=1)
    seen = np.bincount(drawn.items[:, 0], minlength=39) / len(drawn)
    assert np.abs(seen - by_top).max() < 0.006
    assert np.corrcoef(seen, by_top)[0, 1] > 0.95


def test_an_empty_slot_says_nothing() -> None:
    mixture = small_mixture()
    with_empty = mixture.preference(np.array([1]), np.array([[4, -1, 30, 60]]))
    assert with_empty == mixture.preference(np.array([1]), np.array([[4, 30, 60]]))


def test_a_mixture_survives_its_file(tmp_path: Path) -> None:
    mixture = small_mixture()
    mixture.write(tmp_path / "truth.json")
    again = StyleMixture.read(tmp_path / "truth.json")
    items = np.array([[1, 30, 60]])
    assert again.preference(np.array([2]), items) == mixture.preference(np.array([2]), items)
    assert again.item_category.dtype == np.int8


@settings(max_examples=25)
@given(
    items=st.integers(13, 40),
    outfits=st.lists(st.integers(3, 60), min_size=1, max_size=4),
    slots=st.sampled_from([(0, 1, 2), (0, 0, 1, 2)]),
    seed=st.integers(0, 1000),
)
def test_outfits_keep_their_promises(
    items: int, outfits: list[int], slots: tuple[int, ...], seed: int
) -> None:
    mixture = small_mixture(items, len(outfits), seed)
    drawn = draw_outfits(mixture, np.array(outfits), slots, 40, Dice(seed))

    assert shared_items(drawn["train"], drawn["test"]) == 0
    for table in drawn.values():
        rows = np.column_stack([table.users, np.sort(table.items, axis=1)])
        assert len(np.unique(rows, axis=0)) == len(rows)
        assert (np.diff(table.users) >= 0).all()
        for slot, category in enumerate(slots):
            worn = table.items[:, slot]
            assert (mixture.item_category[worn[worn >= 0]] == category).all()
            assert (worn >= 0).all() or category in slots[:slot]
        if slots.count(0) == 2:
            assert (table.items[:, 0] != table.items[:, 1]).all()
    for user, total in enumerate(outfits):
        held_out = max(1, round(total * 2 / 13))
        for split, share in {"train": total - 2 * held_out, "valid": held_out, "test": held_out}.items():
            assert 1 <= (drawn[split].users == user).sum() <= share


def test_a_wardrobe_too_small_for_so_many_outfits_gives_what_it_has() -> None:
    mixture = small_mixture(items_per_category=13, users=1)
    drawn = draw_outfits(mixture, np.array([1300]), (0, 1, 2), 0, Dice(0))
    assert len(drawn["test"]) == 2 * 2 * 2


def test_the_same_seed_draws_the_same_outfits() -> None:
    first, second = (
        draw_outfits(small_mixture(), np.array([20] * 3), (0, 1, 2), 0, Dice(4)) for _ in range(2)
    )
    assert all((first[split].items == second[split].items).all() for split in first)
