"""Outfits drawn from the hidden model, split so that no user meets a training item again in the test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..tables import NO_ITEM, OutfitTable
from .dice import Dice
from .mixture import StyleMixture

__all__ = ["SPLITS", "draw_outfits"]

SPLITS = {"train": 9, "valid": 2, "test": 2}
"""Shares of a user's outfits."""

_SHARES = np.repeat(np.arange(len(SPLITS)), list(SPLITS.values()))


def draw_outfits(
    mixture: StyleMixture,
    outfits_per_user: NDArray[np.integer],
    slots: Sequence[int],
    optional_percent: int,
    dice: Dice,
) -> dict[str, OutfitTable]:
    """Draw every user's outfits and split them 9 : 2 : 2.

    Each user's items are dealt to the three splits before any outfit is drawn, so that no item of a user's test
    outfits occurs in that user's training outfits.

    Args:
        mixture: The hidden model.
        outfits_per_user: (num_users,).
        slots: Category of each slot; a category's second slot is the optional one.
        optional_percent: How often, in percent, an optional slot is filled.
        dice: Source of the draws.

    Returns:
        Outfits by split, users ascending; no user has the same outfit twice.
    """
    parts: dict[str, list[OutfitTable]] = {name: [] for name in SPLITS}
    for user in range(mixture.num_users):
        side = _SHARES[dice.below(len(_SHARES), len(mixture.item_category))]
        for number, (name, count) in enumerate(_split_counts(int(outfits_per_user[user])).items()):
            weights = np.where((side == number)[:, None], mixture.item_weights, 0)
            items = _draw_distinct(mixture, user, weights, count, slots, optional_percent, dice)
            parts[name].append(OutfitTable(np.full(len(items), user, np.int32), items))
    return {
        name: OutfitTable(
            np.concatenate([t.users for t in tables]), np.concatenate([t.items for t in tables])
        )
        for name, tables in parts.items()
    }


def _split_counts(total: int) -> dict[str, int]:
    """9 : 2 : 2 of a user's outfits, at least one each for validation and test."""
    held_out = max(1, (total * 2 + 6) // 13)
    return {"train": total - 2 * held_out, "valid": held_out, "test": held_out}


def _draw_distinct(
    mixture: StyleMixture,
    user: int,
    weights: NDArray[np.int64],
    count: int,
    slots: Sequence[int],
    optional_percent: int,
    dice: Dice,
) -> NDArray[np.int32]:
    """`count` different outfits of one user from the items whose weight is not 0, int32 (count, K)."""
    kept = np.empty((0, len(slots)), np.int32)
    while len(kept) < count:
        styles = dice.weighted(mixture.taste_weights[user], count - len(kept))
        drawn = _draw(mixture, weights, styles, slots, optional_percent, dice)
        together = np.concatenate([kept, drawn])
        _, first = np.unique(together, axis=0, return_index=True)
        kept = together[np.sort(first)]
    return kept


def _draw(
    mixture: StyleMixture,
    weights: NDArray[np.int64],
    styles: NDArray[np.int64],
    slots: Sequence[int],
    optional_percent: int,
    dice: Dice,
) -> NDArray[np.int32]:
    """One outfit for each style, int32 (len(styles), K)."""
    items = np.full((len(styles), len(slots)), NO_ITEM, np.int32)
    for slot, category in enumerate(slots):
        members = np.flatnonzero((mixture.item_category == category) & (weights[:, 0] > 0))
        for style in np.unique(styles):
            rows = np.flatnonzero(styles == style)
            items[rows, slot] = members[dice.weighted(weights[members, style], len(rows))]
        strays = np.flatnonzero(dice.below(100, len(styles)) < mixture.stray_percent)
        items[strays, slot] = members[dice.below(len(members), len(strays))]
        if category in slots[:slot]:
            first = items[:, slots.index(category)]
            missing = (dice.below(100, len(styles)) >= optional_percent) | (items[:, slot] == first)
            items[missing, slot] = NO_ITEM
    return items
