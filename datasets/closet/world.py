"""Items, users and outfits of a Closet, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..simulation import Dice, StyleMixture, draw_activity, draw_outfits, draw_tastes
from ..tables import CATEGORIES, NO_ITEM, OutfitTable
from .garment import Garment, laid_out, tailor
from .spec import Closet
from .styles import STYLES, contrast, weights_of

__all__ = ["World", "create_world"]

OPTIONAL_PERCENT = 40
"""How often an outfit that may have a second top has one."""

_ITEMS, _TASTES, _OUTFITS, _GROUNDS = range(4)


@dataclass(frozen=True, eq=False)
class World:
    """A Closet before anything is drawn or written.

    Attributes:
        garments: All items, tops first, then bottoms, then shoes.
        mixture: The hidden model.
        outfits: Positives by split: "train", "valid", "test".
    """

    garments: Sequence[Garment]
    mixture: StyleMixture
    outfits: dict[str, OutfitTable]


def create_world(closet: Closet) -> World:
    """Make up the items, the users and their outfits; items that nobody wears are left out."""
    garments, weights = _tailor_all(closet)
    mixture = StyleMixture(
        np.repeat(np.arange(len(CATEGORIES), dtype=np.int8), closet.items_per_category),
        weights,
        draw_tastes(closet.num_users, contrast(), Dice(closet.seed, _TASTES), closet.liking),
        closet.mixing_percent,
    )
    dice = Dice(closet.seed, _OUTFITS)
    counts = draw_activity(closet.num_users, closet.outfits_per_user, dice)
    outfits = draw_outfits(mixture, counts, closet.slots, OPTIONAL_PERCENT, dice)
    worn = np.unique(np.concatenate([table.distinct_items for table in outfits.values()]))
    return World(
        [garments[item] for item in worn],
        mixture.of_items(worn),
        {split: _renumbered(table, worn) for split, table in outfits.items()},
    )


def _tailor_all(closet: Closet) -> tuple[list[Garment], NDArray[np.int64]]:
    """The garments of all categories, in every style alike, and how each style takes to them."""
    dice, home = Dice(closet.seed, _ITEMS), Dice(closet.seed, _GROUNDS)
    garments, weights = [], []
    for category in range(len(CATEGORIES)):
        for number in range(closet.items_per_category):
            traits, garment = tailor(category, STYLES[number % len(STYLES)], dice)
            garments.append(laid_out(garment, home) if closet.at_home else garment)
            weights.append(weights_of(traits))
    return garments, np.array(weights, np.int64)


def _renumbered(outfits: OutfitTable, kept: NDArray[np.int32]) -> OutfitTable:
    """The outfits with items numbered by their place in `kept`."""
    numbers = np.searchsorted(kept, outfits.items).astype(np.int32)
    return OutfitTable(outfits.users, np.where(outfits.items == NO_ITEM, np.int32(NO_ITEM), numbers))
