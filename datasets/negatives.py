"""Outfits that nobody posted, or that others did: random and hard negatives.

The rules are those of the evaluation in the public code of Polyvore-U's authors (FHN, LPAE-Net).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .errors import Fault, InputError
from .outfit_hash import OutfitHash
from .tables import NO_ITEM, OutfitTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["sample_negatives"]


def sample_negatives(
    positives: OutfitTable,
    item_category: NDArray[np.integer],
    *,
    per_positive: int = 10,
    hard: float = 0.0,
    seed: int = 0,
) -> OutfitTable:
    """Negatives for each positive; row i belongs to positive i // per_positive and has its user.

    A **random** negative has the categories of its positive. Each of its items is drawn independently and
    uniformly from the distinct items of that category among the positives; it is drawn again while it is a
    positive of any user (in whatever order its items stand) or holds an item twice. A **hard** negative is a
    positive of another user that the user has not posted too, drawn uniformly over the rows of the table.

    Args:
        positives: Outfits that users posted.
        item_category: Category of each item, (num_items,).
        per_positive: Negatives for each positive.
        hard: Share of hard negatives, 0 to 1, met exactly in total and as nearly as can be for each positive.
        seed: The same seed gives the same negatives.

    Returns:
        len(positives) × per_positive outfits.

    Raises:
        InputError: If there are no such negatives: the items make no other outfit, or nobody else posted one.

    Example:
        >>> users, items = np.int32([0, 1]), np.int32([[0, 2, 4], [1, 3, 5]])
        >>> category = np.int8([0, 0, 1, 1, 2, 2])
        >>> sample_negatives(OutfitTable(users, items), category, per_positive=1, hard=1.0).items.tolist()
        [[1, 3, 5], [0, 2, 4]]
    """
    if per_positive < 1:
        raise InputError(Fault("argument per_positive", str(per_positive), "1 or more"))
    if not 0.0 <= hard <= 1.0:
        raise InputError(Fault("argument hard", str(hard), "a share from 0 to 1"))
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
    """Which negatives are hard: as many for each positive, but for a remainder dealt out at random."""
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
    """An outfit that nobody posted, of the same categories, for each of some rows of the positives."""
    slots = np.where(positives.items == NO_ITEM, -1, item_category[positives.items])
    distinct = positives.distinct_items
    by_category = np.argsort(item_category[distinct], kind="stable")
    # Category −1, the empty slot, finds the last entry: a pool of its own that holds only NO_ITEM.
    pool = np.append(distinct[by_category], np.int32(NO_ITEM))
    sizes = np.append(np.bincount(item_category[distinct]), 1)
    starts = np.cumsum(sizes) - sizes

    hashes = OutfitHash(len(item_category))
    posted = hashes.of(positives.items)
    _refuse_exhausted(slots, posted, sizes)
    posted = np.unique(posted)
    twice_a_category = _has_repeats(slots).any()

    items = np.empty((len(rows), slots.shape[1]), dtype=np.int32)
    pending = np.arange(len(rows))
    while len(pending):
        wanted = slots[rows[pending]]
        drawn = pool[starts[wanted] + rng.integers(sizes[wanted])]
        items[pending] = drawn
        refused = np.isin(hashes.of(drawn), posted)
        if twice_a_category:
            refused |= _has_repeats(drawn)
        pending = pending[refused]
    return items


def _refuse_exhausted(
    slots: NDArray[np.integer], posted: NDArray[np.uint64], sizes: NDArray[np.integer]
) -> None:
    """Refuse positives that leave no outfit to draw.

    Args:
        slots: Category of each slot of the positives, −1 where it is empty, (N, K).
        posted: Hash of each positive, (N,).
        sizes: Number of items to draw from in each category.

    Raises:
        InputError: If the posted outfits of some composition are all that the items can make.
    """
    hashes = OutfitHash(len(sizes))
    _, examples, composition = np.unique(hashes.of(slots), return_index=True, return_inverse=True)
    for number, categories in enumerate(slots[examples]):
        present, places = np.unique(categories[categories >= 0], return_counts=True)
        possible = math.prod(math.comb(sizes[one], times) for one, times in zip(present, places, strict=True))
        if len(np.unique(posted[composition == number])) >= possible:
            raise InputError(
                Fault(
                    "random negatives",
                    f"positives that are all the outfits their items can make ({possible})",
                    "items that make an outfit which nobody posted",
                )
            )


def _draw_hard(
    positives: OutfitTable, rows: NDArray[np.integer], rng: np.random.Generator
) -> NDArray[np.int32]:
    """A whole outfit of another user for each of some rows of the positives."""
    users = positives.users.astype(np.int64)
    hashes = OutfitHash(int(positives.items.max()) + 1)
    distinct, outfit, posts = np.unique(hashes.of(positives.items), return_inverse=True, return_counts=True)
    own = np.unique(users * len(distinct) + outfit)
    barred = np.bincount(own // len(distinct), weights=posts[own % len(distinct)])
    if (barred == len(positives)).any():
        raise InputError(
            Fault(
                "hard negatives",
                f"no outfit that user {np.argmax(barred)} has not posted",
                "outfits of other users",
            )
        )
    # With the rows in order of users, a draw among the others' rows steps over the user's own block.
    by_user = np.argsort(users, kind="stable")
    blocks = np.bincount(users)
    starts = np.cumsum(blocks) - blocks

    chosen = np.empty(len(rows), dtype=np.int64)
    pending = np.arange(len(rows))
    while len(pending):
        user = users[rows[pending]]
        place = rng.integers(len(positives) - blocks[user])
        drawn = by_user[place + blocks[user] * (place >= starts[user])]
        chosen[pending] = drawn
        pending = pending[np.isin(user * len(distinct) + outfit[drawn], own)]
    return positives.items[chosen]


def _has_repeats(rows: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Whether a number other than −1 stands twice in a row, bool (N,), from (N, K)."""
    ordered = np.sort(rows, axis=1)
    return ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(axis=1)
