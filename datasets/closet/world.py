"""Items, users and outfits of a Closet, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..simulation import Dice, StyleMixture, draw_outfits, draw_tastes
from ..tables import OutfitTable
from .garment import CATEGORIES, Garment, tailor
from .spec import Closet
from .styles import STYLES, contrast, weights_of

__all__ = ["World", "create_world"]

LIKING = (90, 60)
"""Weights of the two styles a user likes, against 1 for each of the fourteen others."""

STRAY_PERCENT = 8
"""How often a slot is filled with any item."""

OPTIONAL_PERCENT = 40
"""How often an outfit that may have a second top has one."""

_ITEMS, _TASTES, _OUTFITS = range(3)


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
    """Make up the items, the users and their outfits."""
    dice = Dice(closet.seed, _ITEMS)
    garments, weights = [], []
    for item in range(closet.num_items):
        category, number = divmod(item, closet.items_per_category)
        traits, garment = tailor(category, STYLES[number % len(STYLES)], dice)
        garments.append(garment)
        weights.append(weights_of(traits))
    mixture = StyleMixture(
        np.repeat(np.arange(len(CATEGORIES), dtype=np.int8), closet.items_per_category),
        np.array(weights, np.int64),
        draw_tastes(closet.num_users, contrast(), LIKING, Dice(closet.seed, _TASTES)),
        STRAY_PERCENT,
    )
    dice = Dice(closet.seed, _OUTFITS)
    spread = closet.outfits_per_user // 4
    counts = closet.outfits_per_user - spread + dice.below(2 * spread + 1, closet.num_users)
    return World(garments, mixture, draw_outfits(mixture, counts, closet.slots, OPTIONAL_PERCENT, dice))
