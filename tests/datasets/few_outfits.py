"""Small tables of outfits, and by brute force what their negatives may be."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import strategies as st
from outfitbench.datasets.tables import NO_ITEM, OutfitTable

ITEM_CATEGORY = np.repeat(np.int8([0, 1, 2]), 5)
"""Five tops 0–4, five bottoms 5–9, five shoes 10–14."""


def table(*rows: tuple[int, list[int]]) -> OutfitTable:
    users, items = zip(*rows, strict=True)
    return OutfitTable(np.array(users, dtype=np.int32), np.array(items, dtype=np.int32))


@st.composite
def tables(draw: st.DrawFn) -> OutfitTable:
    """Up to twelve outfits of up to four users: a top, perhaps another top, a bottom, a shoe."""
    numbers = st.integers(0, draw(st.integers(1, 4)))
    tops = st.lists(numbers, min_size=2, max_size=2, unique=True)
    variable = draw(st.booleans())
    rows = []
    for _ in range(draw(st.integers(1, 12))):
        top, other = draw(tops)
        other = other if variable and draw(st.booleans()) else NO_ITEM
        outfit = [top, other, 5 + draw(numbers), 10 + draw(numbers)]
        rows.append((draw(st.integers(0, 3)), outfit if variable else [outfit[0], *outfit[2:]]))
    return table(*rows)


def as_set(outfit: np.ndarray) -> frozenset[int]:
    return frozenset(outfit[outfit != NO_ITEM].tolist())


def posted(positives: OutfitTable) -> set[frozenset[int]]:
    return set(map(as_set, positives.items))


def outfits_like(outfit: np.ndarray, positives: OutfitTable) -> list[tuple[int, ...]]:
    """All that a random negative of an outfit may be, by trying everything."""
    pools = [
        [NO_ITEM]
        if item == NO_ITEM
        else [
            other
            for other in positives.distinct_items.tolist()
            if ITEM_CATEGORY[other] == ITEM_CATEGORY[item]
        ]
        for item in outfit
    ]
    full = len(as_set(outfit))
    taken = posted(positives)
    made = [(slots, as_set(np.array(slots))) for slots in product(*pools)]
    return [slots for slots, items in made if len(items) == full and items not in taken]


def outfits_of_others(row: int, positives: OutfitTable) -> list[int]:
    """Rows that a hard negative of a row may be, by trying everything."""
    user = positives.users[row]
    own = posted(positives.take(positives.users == user))
    return [
        other
        for other in range(len(positives))
        if positives.users[other] != user and as_set(positives.items[other]) not in own
    ]
