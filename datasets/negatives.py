"""Outfits nobody posted: random and hard negatives.

The rules are those of the authors of Polyvore-U (FHN, LPAE-Net) and of the paper's evaluation: `random` draws every
slot from the split's own items of that category, `hard` takes whole outfits of other users.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .errors import Fault, InputError
from .tables import NO_ITEM, OutfitTable

__all__ = ["sample_negatives"]


def sample_negatives(
    positives: OutfitTable,
    item_category: NDArray[np.integer],
    *,
    per_positive: int = 10,
    hard: float = 0.0,
    seed: int = 0,
) -> OutfitTable:
    """Negatives for each positive; row i belongs to positive i // per_positive.

    Args:
        positives: Outfits that users posted.
        item_category: Category of each item, (num_items,).
        per_positive: Negatives for each positive.
        hard: Share of hard negatives, 0 to 1.
        seed: The same seed gives the same negatives.

    Returns:
        len(positives) × per_positive outfits.

    Raises:
        InputError: If no such negatives exist.
    """
    if not 0.0 <= hard <= 1.0:
        raise InputError(Fault("argument hard", str(hard), "a share from 0 to 1"))
    if per_positive < 1:
        raise InputError(Fault("argument per_positive", str(per_positive), "1 or more"))
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(len(positives)), per_positive)
    is_hard = _hard_rows(len(positives), per_positive, hard, rng)
    items = np.empty((len(owner), positives.items.shape[1]), dtype=np.int32)
    if not is_hard.all():
        items[~is_hard] = _draw_random(positives, item_category, owner[~is_hard], rng)
    if is_hard.any():
        items[is_hard] = _draw_hard(positives, owner[is_hard], rng)
    return OutfitTable(positives.users[owner], items)


def _hard_rows(
    num_positives: int, per_positive: int, share: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Which negatives are hard: the same number for each positive, but for a remainder dealt out at random."""
    each, remainder = divmod(round(share * per_positive * num_positives), max(num_positives, 1))
    counts = np.full(num_positives, each)
    counts[rng.permutation(num_positives)[:remainder]] += 1
    return (np.arange(per_positive) < counts[:, None]).ravel()


def _draw_random(
    positives: OutfitTable,
    item_category: NDArray[np.integer],
    rows: NDArray[np.integer],
    rng: np.random.Generator,
) -> NDArray[np.int32]:
    """One outfit of the same categories for each row of the positives, int32 (len(rows), K)."""
    slots = np.where(positives.items == NO_ITEM, -1, item_category[positives.items])
    distinct = positives.distinct_items
    by_category = np.argsort(item_category[distinct], kind="stable")
    # Category −1, the empty slot, is served by the last entry: a pool of its own that holds only NO_ITEM.
    pool = np.append(distinct[by_category], np.int32(NO_ITEM))
    sizes = np.append(np.bincount(item_category[distinct]), 1)
    starts = np.cumsum(sizes) - sizes

    hashes = _OutfitHash(len(item_category))
    posted = hashes.of(positives.items)
    has_pairs = _refuse_impossible(slots, posted, sizes)
    posted = np.unique(posted)

    items = np.empty((len(rows), slots.shape[1]), dtype=np.int32)
    pending = np.arange(len(rows))
    while len(pending):
        wanted = slots[rows[pending]]
        drawn = pool[starts[wanted] + rng.integers(sizes[wanted])]
        items[pending] = drawn
        refused = _contains(posted, hashes.of(drawn))
        if has_pairs:
            refused |= _repeats_an_item(drawn)
        pending = pending[refused]
    return items


def _refuse_impossible(
    slots: NDArray[np.integer], posted: NDArray[np.uint64], sizes: NDArray[np.integer]
) -> bool:
    """Refuse positives that leave no outfit to draw; tell whether any outfit has two items of one category."""
    kinds, kind_of = np.unique(np.sort(slots, axis=1), axis=0, return_inverse=True)
    has_pairs = False
    for number, kind in enumerate(kinds):
        categories, places = np.unique(kind[kind >= 0], return_counts=True)
        has_pairs |= bool((places > 1).any())
        possible = math.prod(
            math.comb(int(sizes[category]), int(n)) for category, n in zip(categories, places, strict=True)
        )
        if possible <= len(np.unique(posted[kind_of == number])):
            raise InputError(
                Fault(
                    "random negatives",
                    f"positives that already hold all {possible} outfits their items can make",
                    "items that make an outfit which nobody posted",
                    "use more data",
                )
            )
    return has_pairs


def _draw_hard(
    positives: OutfitTable, rows: NDArray[np.integer], rng: np.random.Generator
) -> NDArray[np.int32]:
    """A whole outfit of another user for each row of the positives, int32 (len(rows), K)."""
    users = positives.users.astype(np.int64)
    hashes = _OutfitHash(int(positives.items.max(initial=0)) + 1)
    distinct, outfit, posts = np.unique(hashes.of(positives.items), return_inverse=True, return_counts=True)
    own = np.unique(users * len(distinct) + outfit)
    barred = np.bincount(own // len(distinct), weights=posts[own % len(distinct)])
    if (alone := np.flatnonzero(barred == len(positives))).size:
        raise InputError(
            Fault(
                "hard negatives",
                f"no outfit of others that user {alone[0]} has not posted too",
                "two or more users with outfits of their own",
            )
        )
    # Rows by user: to draw one of another user's, draw among the rest and step over the user's own block.
    by_user = np.argsort(users, kind="stable")
    blocks = np.bincount(users)
    starts = np.cumsum(blocks) - blocks

    chosen = np.empty(len(rows), dtype=np.int64)
    pending = np.arange(len(rows))
    while len(pending):
        user = users[rows[pending]]
        drawn = rng.integers(len(positives) - blocks[user])
        drawn = by_user[drawn + blocks[user] * (drawn >= starts[user])]
        chosen[pending] = drawn
        pending = pending[_contains(own, user * len(distinct) + outfit[drawn])]
    return positives.items[chosen]


class _OutfitHash:
    """Names outfits by 64-bit numbers that do not depend on the order of the items (Zobrist hashing).

    An outfit's number is the sum of its items' fixed random numbers. Equal outfits have equal numbers always;
    that any of 230,540 negatives shares its number with any of 23,054 other outfits has a chance of 3e-10, and
    then costs a redraw.
    """

    def __init__(self, num_items: int) -> None:
        numbers = np.random.default_rng(0).integers(2**64, size=num_items + 1, dtype=np.uint64)
        numbers[NO_ITEM] = 0
        self._numbers = numbers

    def of(self, items: NDArray[np.integer]) -> NDArray[np.uint64]:
        """Numbers of outfits, uint64 (N,), from items (N, K)."""
        return self._numbers[items].sum(axis=1)


def _contains(ascending: NDArray[np.integer], keys: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Whether each key is among the ascending ones."""
    places = np.searchsorted(ascending, keys)
    return ascending[np.minimum(places, len(ascending) - 1)] == keys


def _repeats_an_item(items: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Whether an item stands twice in an outfit, bool (N,)."""
    ordered = np.sort(items, axis=1)
    return ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != NO_ITEM)).any(axis=1)
