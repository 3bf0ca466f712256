"""Outfits as arrays: the one form in which every room passes them on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["CATEGORIES", "NO_ITEM", "SETTINGS", "CandidateSet", "OutfitTable", "have_repeats"]

CATEGORIES = ("top", "bottom", "shoe")
"""The categories of Polyvore-U, Closet and photographs, by number; other sets bring their own."""

SETTINGS = ("random", "hard")
"""The kinds of evaluation negatives."""

NO_ITEM = -1
"""Stands in an outfit's slot that holds no item (a missing second top)."""


@dataclass(frozen=True, eq=False)
class OutfitTable:
    """Outfits and the users who posted them.

    Attributes:
        users: int32 (N,), the user of each outfit.
        items: int32 (N, K), global item ids; `NO_ITEM` where a slot is empty.

    Example:
        >>> table = OutfitTable(np.int32([0, 1]), np.int32([[0, 4, 9], [1, -1, 8]]))
        >>> len(table), table.distinct_items.tolist()
        (2, [0, 1, 4, 8, 9])
    """

    users: NDArray[np.int32]
    items: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.users)

    @classmethod
    def concatenate(cls, tables: Sequence[OutfitTable]) -> OutfitTable:
        """The outfits of several tables, one after the other."""
        return cls(
            np.concatenate([table.users for table in tables]),
            np.concatenate([table.items for table in tables]),
        )

    @cached_property
    def distinct_items(self) -> NDArray[np.int32]:
        """Ids of the items that occur, ascending, int32 (n,)."""
        found = np.unique(self.items)
        return found[found != NO_ITEM]

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_] | slice) -> OutfitTable:
        """The outfits of some rows, in that order."""
        return OutfitTable(self.users[rows], self.items[rows])


@dataclass(frozen=True, eq=False)
class CandidateSet:
    """The positives of a split and its fixed evaluation negatives.

    Attributes:
        users: int32 (M,).
        items: int32 (M, K), global item ids; `NO_ITEM` where a slot is empty.
        labels: bool (M,), True for a positive.

    Example:
        >>> positives = OutfitTable(np.int32([0]), np.int32([[0, 4, 9]]))
        >>> negatives = OutfitTable(np.int32([0, 0]), np.int32([[1, 4, 9], [0, 5, 9]]))
        >>> candidates = CandidateSet.join(positives, negatives)
        >>> candidates.labels.tolist()
        [True, False, False]
    """

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    labels: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.users)

    @classmethod
    def join(cls, positives: OutfitTable, negatives: OutfitTable) -> CandidateSet:
        """All positives first, then all negatives."""
        return cls(
            np.concatenate([positives.users, negatives.users]),
            np.concatenate([positives.items, negatives.items]),
            np.repeat([True, False], [len(positives), len(negatives)]),
        )

    @property
    def outfits(self) -> OutfitTable:
        """The candidates without their labels."""
        return OutfitTable(self.users, self.items)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of users, items and labels: 16 hex digits, the same on every machine."""
        digest = hashlib.blake2b(digest_size=8)
        digest.update(repr(self.items.shape).encode())
        for array in (self.users.astype("<i4"), self.items.astype("<i4"), self.labels.astype("u1")):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def have_repeats(rows: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Whether a number stands twice in a row, as an item in two slots of an outfit: bool (N,), from (N, K).

    Empty slots (`NO_ITEM`) are no repeats.

    Example:
        >>> have_repeats(np.int32([[0, 4, 0], [0, -1, -1]])).tolist()
        [True, False]
    """
    ordered = np.sort(rows, axis=1)
    return ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != NO_ITEM)).any(axis=1)
