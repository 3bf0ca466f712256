"""Outfits drawn from the hidden model, split so that no user meets a training item again in the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..splits import SPLITS
from ..tables import NO_ITEM, OutfitTable
from .dice import Dice
from .mixture import StyleMixture

__all__ = ["draw_outfits"]

_DEAL = np.array([0, 1, 0, 0, 2, 0, 0, 1, 0, 0, 2, 0, 0])
"""Splits that successive items are dealt to: 9 : 2 : 2, however few the items."""

_PATIENCE = 200
"""Draws after which a wardrobe too small for so many different outfits is given up on."""

Items = NDArray[np.int32]


def draw_outfits(
    mixture: StyleMixture,
    outfits_per_user: NDArray[np.integer],
    slots: Sequence[int],
    optional_percent: int,
    dice: Dice,
) -> dict[str, OutfitTable]:
    """Draw every user's outfits and split them 9 : 2 : 2.

    Each user's items are dealt to the three splits before any outfit is drawn, so that no item of a user's
    test outfits occurs in that user's training outfits.

    Args:
        mixture: The hidden model; at least five items in each category.
        outfits_per_user: (num_users,), at least three each.
        slots: Category of each slot; the second slot of a category is an optional one.
        optional_percent: How often, in percent, an optional slot is filled.
        dice: Source of the draws.

    Returns:
        Outfits by split, users ascending. No user has the same outfit twice; a user has fewer than asked for
        where the items of a split make no more.
    """
    parts: dict[str, list[OutfitTable]] = {split: [] for split in SPLITS}
    for user, total in enumerate(outfits_per_user.tolist()):
        dealt = _deal_items(mixture.item_category, dice)
        for number, split in enumerate(SPLITS):
            members = [np.flatnonzero((mixture.item_category == slot) & (dealt == number)) for slot in slots]
            wardrobe = _Wardrobe(mixture, user, slots, members, optional_percent)
            items = wardrobe.draw_distinct(_share(total, split), dice)
            parts[split].append(OutfitTable(np.full(len(items), user, np.int32), items))
    return {split: OutfitTable.concatenate(tables) for split, tables in parts.items()}


def _deal_items(item_category: NDArray[np.int8], dice: Dice) -> NDArray[np.int64]:
    """The split in which a user may meet each item, by number; int64 (num_items,)."""
    dealt = np.empty(len(item_category), np.int64)
    for category in np.unique(item_category):
        members = np.flatnonzero(item_category == category)
        dealt[members[dice.order(len(members))]] = np.resize(_DEAL, len(members))
    return dealt


def _share(total: int, split: str) -> int:
    """A split's part of a user's outfits, 9 : 2 : 2, at least one for validation and for test.

    Example:
        >>> [_share(26, split) for split in SPLITS], [_share(4, split) for split in SPLITS]
        ([18, 4, 4], [2, 1, 1])
    """
    held_out = max(1, (total * 2 + 6) // 13)
    return total - 2 * held_out if split == "train" else held_out


@dataclass(frozen=True)
class _Wardrobe:
    """What one user may choose from for the outfits of one split.

    Attributes:
        mixture: The hidden model.
        user: The user.
        slots: Category of each slot.
        members: The items that each slot may hold.
        optional_percent: How often an optional slot is filled.
    """

    mixture: StyleMixture
    user: int
    slots: Sequence[int]
    members: Sequence[NDArray[np.int64]]
    optional_percent: int

    def draw_distinct(self, count: int, dice: Dice) -> Items:
        """Up to `count` different sets of items, int32 (n, K)."""
        kept = np.empty((0, len(self.slots)), np.int32)
        for _ in range(_PATIENCE):
            together = np.concatenate([kept, self._draw(count - len(kept), dice)])
            _, first = np.unique(np.sort(together, axis=1), axis=0, return_index=True)
            kept = together[np.sort(first)]
            if len(kept) == count:
                break
        return kept

    def _draw(self, count: int, dice: Dice) -> Items:
        """`count` outfits, int32 (count, K)."""
        tastes = self.mixture.taste_weights[self.user]
        styles = dice.weighted(tastes, count)
        items = np.full((count, len(self.slots)), NO_ITEM, np.int32)
        for slot, category in enumerate(self.slots):
            mixed_in = dice.below(100, count) < self.mixture.mixing_percent
            slot_styles = np.where(mixed_in, dice.weighted(tastes, count), styles)
            items[:, slot] = self._choose(slot, slot_styles, dice)
            if category in self.slots[:slot]:
                twin = items[:, self.slots.index(category)]
                empty = (dice.below(100, count) >= self.optional_percent) | (items[:, slot] == twin)
                items[empty, slot] = NO_ITEM
        return items

    def _choose(self, slot: int, styles: NDArray[np.int64], dice: Dice) -> NDArray[np.int64]:
        """An item for a slot of each outfit, in the style given for it, int64 (len(styles),)."""
        members = self.members[slot]
        chosen = members[dice.below(len(members), len(styles))]
        in_style = dice.below(100, len(styles)) >= self.mixture.stray_percent
        for style in np.unique(styles[in_style]):
            rows = np.flatnonzero(in_style & (styles == style))
            chosen[rows] = members[dice.weighted(self.mixture.item_weights[members, style], len(rows))]
        return chosen
