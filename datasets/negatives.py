"""Outfits that nobody posted, or that others did: random and hard negatives.

The rules are those of the evaluation in the public code of Polyvore-U's authors (FHN, LPAE-Net).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..core.errors import Fault, InputError
from .others_outfits import OthersOutfits
from .outfit_hash import OutfitHash, PostedOutfits
from .tables import NO_ITEM, OutfitTable, have_repeats

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["sample_negatives"]

_PATIENCE = 100
"""Rounds of redrawing after which a random negative may repeat one of another positive of its user."""


def sample_negatives(
    positives: OutfitTable,
    item_category: NDArray[np.integer],
    *,
    per_positive: int = 10,
    hard: float = 0.0,
    seed: int = 0,
    avoid: OutfitTable | None = None,
    distinct: bool = False,
) -> OutfitTable:
    """Negatives for each positive; row i belongs to positive i // per_positive and has its user.

    A **random** negative has the categories of its positive. Each of its items is drawn independently and
    uniformly from the distinct items of that category among the positives; it is drawn again while it is a
    positive of any user (in whatever order its items stand) or holds an item twice. A **hard** negative is a
    positive of another user that the user has not posted too, drawn uniformly over the rows of the table.
    Neither is ever an outfit that `avoid` says its user posted.

    Args:
        positives: Outfits that users posted.
        item_category: Category of each item, (num_items,).
        per_positive: Negatives for each positive.
        hard: Share of hard negatives, 0 to 1, met exactly in total and as nearly as can be for each positive.
        seed: The same seed gives the same negatives.
        avoid: What else each user is known to have posted. For evaluation: the outfits of all splits, for
            what was observed in another split is no negative. For training: None, for leaving out a test
            outfit would tell a model what it will be asked.
        distinct: Whether the negatives of a user are all different, as a ranking of them asks. Where others
            posted fewer outfits than a user needs hard negatives, none comes again before all have come.
            Random ones of a positive are all different or refused; those of a user's several positives
            repeat only where the items make hardly as many outfits.

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
    elsewhere = _of_the_same_users(positives, avoid)
    items = np.empty((len(owner), positives.items.shape[1]), dtype=np.int32)
    if not is_hard.all():
        rows = owner[~is_hard]
        items[~is_hard] = _draw_random(positives, elsewhere, item_category, rows, distinct, rng)
    if is_hard.any():
        others, rows = OthersOutfits.of(positives, elsewhere), owner[is_hard]
        items[is_hard] = positives.items[others.deal(rows, rng) if distinct else others.draw(rows, rng)]
    return OutfitTable(positives.users[owner], items)


def _of_the_same_users(positives: OutfitTable, avoid: OutfitTable | None) -> OutfitTable:
    """What the users of the positives posted elsewhere."""
    if avoid is None:
        return positives.take(slice(0))
    return avoid.take(np.isin(avoid.users, positives.users))


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
    elsewhere: OutfitTable,
    item_category: NDArray[np.integer],
    rows: NDArray[np.integer],
    distinct: bool,
    rng: np.random.Generator,
) -> NDArray[np.int32]:
    """An outfit that nobody posted, of the same categories, for each of some rows of the positives."""
    drawn_from = positives.distinct_items
    by_category = np.argsort(item_category[drawn_from], kind="stable")
    # Category −1, the empty slot, finds the last entry: a pool of its own that holds only NO_ITEM.
    pool = np.append(drawn_from[by_category], np.int32(NO_ITEM))
    sizes = np.append(np.bincount(item_category[drawn_from]), 1)
    starts = np.cumsum(sizes) - sizes

    here = _Posts.of(positives, item_category)
    drawable = elsewhere.take(np.flatnonzero(np.isin(elsewhere.items, pool).all(axis=1)))
    wanted_each = int(np.bincount(rows).max(initial=1)) if distinct else 1
    _refuse_exhausted(here, _Posts.of(drawable, item_category), sizes, wanted_each)
    posted = np.unique(here.outfits)
    own = PostedOutfits(OutfitTable.concatenate([positives, drawable])) if len(drawable) else None
    hashes = OutfitHash(len(item_category))
    twice_a_category = have_repeats(here.categories).any()

    items = np.empty((len(rows), positives.items.shape[1]), dtype=np.int32)
    pending = np.arange(len(rows))
    rounds = 0
    while len(pending):
        alike = positives.users[rows] if rounds < _PATIENCE else rows  # among these no outfit is drawn twice
        rounds += 1
        wanted = here.categories[rows[pending]]
        drawn = pool[starts[wanted] + rng.integers(sizes[wanted])]
        items[pending] = drawn
        refused = np.isin(hashes.of(drawn), posted)
        if own is not None:
            refused |= own.hold(positives.users[rows[pending]], drawn)
        if twice_a_category:
            refused |= have_repeats(drawn)
        if distinct:
            refused[_repeated_draws(hashes.of(items), alike, pending, refused)] = True
        pending = pending[refused]
    return items


def _repeated_draws(
    outfits: NDArray[np.uint64],
    groups: NDArray[np.integer],
    pending: NDArray[np.integer],
    refused: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Which pending draws repeat another of the same group: one that stands, or an earlier one of them.

    Args:
        outfits: Hash of each draw, (N,).
        groups: The group of each draw, (N,).
        pending: The draws of this round.
        refused: Which of these are refused for another reason.
    """
    standing = np.ones(len(outfits), dtype=bool)
    standing[pending] = False
    fresh = pending[~refused]
    order = np.concatenate([np.flatnonzero(standing), fresh])  # what stands comes first, and so is kept
    _, first = np.unique(
        np.column_stack([groups[order].astype(np.uint64), outfits[order]]), axis=0, return_index=True
    )
    kept = np.zeros(len(outfits), dtype=bool)
    kept[order[first]] = True
    return ~kept[pending] & ~refused


class _Posts(NamedTuple):
    """Outfits as they are counted.

    Attributes:
        users: int32 (N,).
        outfits: uint64 (N,), equal for equal outfits.
        categories: (N, K), −1 where a slot is empty.
        compositions: uint64 (N,), equal where the categories are the same in whatever order.
    """

    users: NDArray[np.int32]
    outfits: NDArray[np.uint64]
    categories: NDArray[np.integer]
    compositions: NDArray[np.uint64]

    @classmethod
    def of(cls, table: OutfitTable, item_category: NDArray[np.integer]) -> _Posts:
        categories = np.where(table.items == NO_ITEM, -1, item_category[table.items])
        compositions = OutfitHash(int(item_category.max(initial=0)) + 1).of(categories)
        return cls(table.users, OutfitHash(len(item_category)).of(table.items), categories, compositions)


def _refuse_exhausted(here: _Posts, elsewhere: _Posts, sizes: NDArray[np.integer], wanted: int) -> None:
    """Refuse positives that leave no outfit to draw.

    Args:
        here: The positives.
        elsewhere: What else their users posted of the same items.
        sizes: Number of items to draw from in each category.
        wanted: How many other outfits there must be.

    Raises:
        InputError: If the posted outfits of some composition are all that the items can make, or nearly.
    """
    compositions, first, posted = np.unique(here.compositions, return_index=True, return_counts=True)
    found = np.sort(elsewhere.compositions)
    posted += np.searchsorted(found, compositions, "right") - np.searchsorted(found, compositions, "left")
    few = _about_possible(here.categories[first], sizes) < 2 * (posted + wanted)
    for composition in compositions[few]:
        alike = here.compositions == composition
        categories = here.categories[alike][0]
        present, places = np.unique(categories[categories >= 0], return_counts=True)
        possible = math.prod(math.comb(sizes[one], times) for one, times in zip(present, places, strict=True))
        barred = np.unique(here.outfits[alike])
        if len(barred) + wanted > possible:
            raise _exhausted(possible, possible - len(barred), wanted)
        more = elsewhere.compositions == composition
        if len(barred) + more.sum() + wanted <= possible:
            continue  # nobody can have posted all the rest
        for user in np.unique(here.users[alike]).tolist():
            own = elsewhere.outfits[more & (elsewhere.users == user)]
            left = possible - len(np.union1d(barred, own))
            if left < wanted:
                raise _exhausted(possible, left, wanted, f", with those of user {user} in other splits")


def _about_possible(categories: NDArray[np.integer], sizes: NDArray[np.integer]) -> NDArray[np.float64]:
    """How many outfits items can make of each composition (N, K), up to rounding: float64 (N,)."""
    ordered = np.sort(categories, axis=1)
    slots = np.broadcast_to(np.arange(ordered.shape[1]), ordered.shape)
    again = np.zeros(ordered.shape, bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    before = slots - np.maximum.accumulate(np.where(again, 0, slots), axis=1)  # alike slots to the left
    return np.where(ordered < 0, 1.0, (sizes[ordered] - before) / (before + 1.0)).prod(axis=1)


def _exhausted(possible: int, left: int, wanted: int, counted: str = "") -> InputError:
    but = f" but {left}" if left else ""
    found = f"positives that are all the outfits their items can make ({possible}){but}{counted}"
    other = "an outfit" if wanted == 1 else f"{wanted} outfits"
    return InputError(Fault("random negatives", found, f"items that make {other} which nobody posted"))
