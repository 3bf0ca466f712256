"""Views of outfits: what is altered, what stays, and that two views are never the outfit itself twice."""

from __future__ import annotations

import numpy as np
import pytest
from outfitbench.datasets import InputError, OutfitTable
from outfitbench.training.augmentations import AUGMENTATIONS, draw_views, every_pair, needs_neighbours

ITEMS = np.int32([[0, 10, 20, 30], [1, -1, 21, 31], [2, -1, 22, -1]])
NEIGHBOURS = np.full((40, 2), -1, dtype=np.int32)
NEIGHBOURS[:, 0] = np.arange(40) + 100
NEIGHBOURS[:20, 1] = np.arange(20) + 200
NEIGHBOURS[2] = -1


def outfits(times: int = 200) -> OutfitTable:
    return OutfitTable(np.zeros(3 * times, dtype=np.int32), np.tile(ITEMS, (times, 1)))


def changed(views: np.ndarray) -> np.ndarray:
    return views != np.repeat(np.tile(ITEMS, (len(views) // 6, 1)), 2, axis=0)


def test_erase_takes_one_item_and_two_erased_views_differ() -> None:
    views = draw_views(outfits(), every_pair(["erase"]), np.random.default_rng(0), None)
    assert (changed(views).sum(1) == 1).all()
    assert ((views >= 0).sum(1) >= 1).all(), "an outfit of two items that loses one is still an outfit"
    pairs = changed(views).reshape(-1, 2, 4)
    assert not (pairs[:, 0] & pairs[:, 1]).any(), "the same augmentation alters different items"


def test_replace_takes_a_neighbour_and_leaves_an_item_that_has_none() -> None:
    views = draw_views(outfits(), every_pair(["replace"]), np.random.default_rng(0), NEIGHBOURS)
    before = np.repeat(np.tile(ITEMS, (200, 1)), 2, axis=0)
    rows, slots = np.nonzero(changed(views))
    allowed = NEIGHBOURS[before[rows, slots]]
    assert (views[rows, slots][:, None] == allowed).any(1).all()
    assert (views[rows, slots] >= 0).all()
    assert (views[before == 2] == 2).all()
    assert {100, 200} <= set(views[before == 0].tolist()), "every neighbour is drawn"


def test_every_pair_but_the_identical_one_is_drawn_alike_often() -> None:
    views = draw_views(outfits(800), every_pair(["identity", "erase"]), np.random.default_rng(0), None)
    erased = (views < 0).sum(1).reshape(-1, 2) > (np.tile(ITEMS, (800, 1)) < 0).sum(1)[:, None]
    kinds, counts = np.unique(erased, axis=0, return_counts=True)
    assert kinds.tolist() == [[False, True], [True, False], [True, True]]
    assert counts / counts.sum() == pytest.approx([1 / 3] * 3, abs=0.04)


def test_a_pair_alters_the_first_view_by_the_one_and_the_second_by_the_other() -> None:
    views = draw_views(outfits(), [("identity", "erase")], np.random.default_rng(0), None)
    pairs = changed(views).reshape(-1, 2, 4)
    assert not pairs[:, 0].any()
    assert (pairs[:, 1].sum(1) == 1).all()


def test_which_augmentations_need_neighbours() -> None:
    assert needs_neighbours(["erase", "replace"])
    assert not needs_neighbours(["erase", "identity"])
    with pytest.raises(InputError, match="nearest: erase"):
        needs_neighbours(["eras"])
    assert AUGMENTATIONS.names() == ["erase", "identity", "replace"]
