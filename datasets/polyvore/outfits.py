"""Outfits as a file gives them, and what must hold for those that users posted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import Fault, FaultSink
from ..tables import NO_ITEM, OutfitTable
from .number_rows import NumberRows

__all__ = ["ReadOutfits", "check_positives"]


@dataclass(frozen=True, eq=False)
class ReadOutfits:
    """Outfits with the rows of the file they come from.

    Attributes:
        rows: The rows they were read from, for messages.
        table: The outfits, with global item ids.
    """

    rows: NumberRows
    table: OutfitTable

    @classmethod
    def of(cls, rows: NumberRows, ids: NDArray[np.integer]) -> ReadOutfits:
        """Outfits of rows that begin with the user, with the global item ids (N, K) made of the rest."""
        return cls(rows, OutfitTable(rows.values[:, 0].astype(np.int32), ids.astype(np.int32)))


def check_positives(parts: Sequence[ReadOutfits], faults: FaultSink) -> None:
    """Report outfits that hold an item twice, and those that a user posted twice, in one part or in two."""
    for part in parts:
        ordered = np.sort(part.table.items, axis=1)
        twice = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != NO_ITEM)
        for row in np.flatnonzero(twice.any(axis=1)).tolist():
            faults(Fault(part.rows.where(row), "the same item twice", "an outfit of different items"))
    _report_repeated(parts, faults)


def _report_repeated(parts: Sequence[ReadOutfits], faults: FaultSink) -> None:
    posted = [np.column_stack([part.table.users, np.sort(part.table.items, axis=1)]) for part in parts]
    _, first, outfit = np.unique(np.concatenate(posted), axis=0, return_index=True, return_inverse=True)
    earliest = first[outfit]
    repeats = np.flatnonzero(earliest != np.arange(len(earliest)))
    if not len(repeats):
        return
    places = [part.rows.where(row) for part in parts for row in range(len(part.table))]
    users = np.concatenate([part.table.users for part in parts])
    for row in repeats.tolist():
        found = f"the outfit of user {users[row]} that stands at {places[earliest[row]]} too"
        faults(Fault(places[row], found, "each outfit of a user once"))
