"""Category sets of any size: nothing is made for tops, bottoms and shoes alone."""

from __future__ import annotations

import numpy as np
import pytest
from outfitbench.core.errors import InputError
from outfitbench.datasets.fingerprint import content_fingerprint
from outfitbench.datasets.negatives import sample_negatives
from outfitbench.datasets.tables import NO_ITEM, OutfitTable


def test_more_than_127_categories_are_told_apart_by_the_fingerprint():
    """As int8, the categories 1 and 257 are one."""
    table = {"train": OutfitTable(np.int32([0]), np.int32([[0, 1]]))}
    few, many = (content_fingerprint(["a", "b"], np.int16([0, kind]), table, []) for kind in (1, 257))
    assert few != many


def test_of_many_compositions_the_one_whose_outfits_are_all_posted_is_refused():
    """300 compositions of three of 40 categories of five items; then one of two categories of one item."""
    rng = np.random.default_rng(0)
    kinds = np.unique(np.sort(rng.permuted(np.tile(np.arange(40), (300, 1)), axis=1)[:, :3], axis=1), axis=0)
    items = kinds * 5 + rng.integers(5, size=kinds.shape)
    category = np.append(np.repeat(np.arange(40, dtype=np.int16), 5), np.int16([200, 201]))
    posted = OutfitTable(np.zeros(len(items), np.int32), items.astype(np.int32))
    drawn = sample_negatives(posted, category, per_positive=2)
    assert np.array_equal(category[drawn.items], np.repeat(kinds, 2, axis=0))
    rare = np.vstack([posted.items, np.int32([[200, 201, NO_ITEM]])])
    with pytest.raises(InputError, match=r"all the outfits their items can make \(1\)"):
        sample_negatives(OutfitTable(np.zeros(len(rare), np.int32), rare), category)
