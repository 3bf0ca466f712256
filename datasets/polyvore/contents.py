"""Everything a tree's text files say: the items, the outfits of each split, and their released negatives."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import Fault, FaultSink
from ..tables import OutfitTable
from .catalog import Catalog
from .layout import NEGATIVES_PER_POSITIVE, SPLITS
from .outfits import ReadOutfits, check_positives
from .tree import Tuples

__all__ = ["Contents", "read_contents", "read_negatives"]


@dataclass(frozen=True, eq=False)
class Contents:
    """Items and posted outfits of a tree.

    Attributes:
        catalog: The items.
        positives: The outfits of each released split; a split that cannot be read is not in it.
        whole: The splits of whose outfits none had to be left out.
    """

    catalog: Catalog
    positives: Mapping[str, ReadOutfits]
    whole: Set[str]


def read_contents(tuples: Tuples, faults: FaultSink) -> Contents:
    """Read a tree's items and positives. What is not sound is reported and left out."""
    catalog = tuples.read_catalog(faults)
    positives: dict[str, ReadOutfits] = {}
    whole: set[str] = set()
    for split in SPLITS:
        outfits, is_whole = _read_outfits(tuples, tuples.positives(split), catalog, faults)
        if outfits is not None:
            positives[split] = outfits
        if is_whole:
            whole.add(split)
    if positives:
        check_positives(list(positives.values()), faults)
    return Contents(catalog, positives, whole)


def read_negatives(
    tuples: Tuples, contents: Contents, split: str, setting: str, faults: FaultSink
) -> OutfitTable | None:
    """The released negatives of a split, ten rows for each positive, in their order; None without them."""
    path = tuples.negatives(split, setting)
    if not path.exists():
        return None
    outfits, is_whole = _read_outfits(tuples, path, contents.catalog, faults)
    if outfits is None or not is_whole or split not in contents.whole:
        return None
    positives = contents.positives[split]
    owner = np.repeat(np.arange(len(positives.table)), NEGATIVES_PER_POSITIVE)
    if len(outfits.table) != len(owner):
        expected = f"{len(owner)} rows, {NEGATIVES_PER_POSITIVE} for each positive"
        faults(Fault(path, f"{len(outfits.table)} rows", expected))
        return None
    users = positives.table.users[owner]
    for row in np.flatnonzero(outfits.table.users != users).tolist():
        expected = f"user {users[row]}, as in its positive at {positives.rows.where(owner[row])}"
        faults(Fault(outfits.rows.where(row), f"user {outfits.table.users[row]}", expected))
    return outfits.table


def _read_outfits(
    tuples: Tuples, path: Path, catalog: Catalog, faults: FaultSink
) -> tuple[ReadOutfits | None, bool]:
    """The outfits of a file, and whether nothing was wrong with it."""
    found: list[Fault] = []
    outfits = tuples.read_outfits(path, catalog, found.append)
    for fault in found:
        faults(fault)
    return outfits, not found
