"""Outfits as a file gives them, and what must hold for those that users posted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.errors import FaultSink
from ..tables import OutfitTable, have_repeats
from .number_rows import NumberRows, UnusableRow

__all__ = ["ReadOutfits", "RepeatedRows", "sound_positives"]


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

    def take(self, kept: NDArray[np.bool_]) -> ReadOutfits:
        """The outfits of some rows."""
        return ReadOutfits(self.rows.take(kept), self.table.take(kept))


@dataclass(frozen=True)
class RepeatedRows:
    """The rows of a file that stand word for word before them too.

    Attributes:
        file: The file's name.
        count: How many were left out.
        example: The first of them, with the row that it repeats.
    """

    file: str
    count: int
    example: str


def sound_positives(
    parts: Sequence[ReadOutfits], faults: FaultSink
) -> tuple[list[ReadOutfits], list[RepeatedRows]]:
    """The outfits of all parts without repeated and unusable ones.

    A row that was read before, in the same part or in an earlier one, says nothing new and is left out. An
    outfit that holds an item twice, or that a user posted in another order of its items, is reported.

    Args:
        parts: The outfits of each file, in the order in which the first of equal rows is kept.
        faults: Where each unusable row is reported.
    """
    parts, repeated = _without_repeats(parts)
    distinct: list[ReadOutfits] = []
    for part in parts:
        twice = have_repeats(part.table.items)
        for row in np.flatnonzero(twice).tolist():
            faults(UnusableRow(part.rows.where(row), "the same item twice", "an outfit of different items"))
        distinct.append(part.take(~twice) if twice.any() else part)
    return _without_reordered(distinct, faults), repeated


def _without_repeats(parts: Sequence[ReadOutfits]) -> tuple[list[ReadOutfits], list[RepeatedRows]]:
    earliest = _earliest([part.rows.values for part in parts])
    repeated: list[RepeatedRows] = []
    kept: list[ReadOutfits] = []
    for part, start, repeats in _split(parts, earliest != np.arange(len(earliest))):
        if not repeats.any():
            kept.append(part)
            continue
        row = int(np.argmax(repeats))
        first = _place(parts, int(earliest[start + row]))
        example = f"{part.rows.where(row)} stands at {first} too"
        repeated.append(RepeatedRows(part.rows.path.name, int(repeats.sum()), example))
        kept.append(part.take(~repeats))
    return kept, repeated


def _without_reordered(parts: Sequence[ReadOutfits], faults: FaultSink) -> list[ReadOutfits]:
    posted = [np.column_stack([part.table.users, np.sort(part.table.items, axis=1)]) for part in parts]
    earliest = _earliest(posted)
    kept: list[ReadOutfits] = []
    for part, start, repeats in _split(parts, earliest != np.arange(len(earliest))):
        for row in np.flatnonzero(repeats).tolist():
            first = _place(parts, int(earliest[start + row]))
            found = f"the outfit of user {part.table.users[row]} that stands at {first} too"
            faults(UnusableRow(part.rows.where(row), found, "each outfit of a user once"))
        kept.append(part.take(~repeats) if repeats.any() else part)
    return kept


def _earliest(rows: Sequence[NDArray[np.integer]]) -> NDArray[np.int64]:
    """For each row of all parts, the first row that equals it, int64 (N,)."""
    _, first, group = np.unique(np.concatenate(rows), axis=0, return_index=True, return_inverse=True)
    return first[group]


def _split(
    parts: Sequence[ReadOutfits], flags: NDArray[np.bool_]
) -> Iterator[tuple[ReadOutfits, int, NDArray[np.bool_]]]:
    """Each part with the number of rows before it and its own flags."""
    start = 0
    for part in parts:
        yield part, start, flags[start : start + len(part.table)]
        start += len(part.table)


def _place(parts: Sequence[ReadOutfits], row: int) -> str:
    """File and line of a row, counted over all parts."""
    for part in parts:
        if row < len(part.table):
            return part.rows.where(row)
        row -= len(part.table)
    raise IndexError(row)
