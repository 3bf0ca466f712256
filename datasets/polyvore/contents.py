"""Everything a tree's text files say: the items, the outfits of each split, and their released negatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.errors import Fault, FaultSink
from ..splits import SPLITS
from ..tables import OutfitTable
from .catalog import Catalog
from .layout import NEGATIVES_PER_POSITIVE
from .number_rows import UnusableRow
from .outfits import ReadOutfits, RepeatedRows, sound_positives
from .tree import Tuples

__all__ = ["Contents", "OwnedNegatives", "read_contents", "read_negatives"]


@dataclass(frozen=True, eq=False)
class Contents:
    """Items and posted outfits of a tree.

    Attributes:
        catalog: The items.
        positives: The outfits of each released split; a split that cannot be read is not in it.
        repeated: The repeated rows, which are left out.
    """

    catalog: Catalog
    positives: Mapping[str, ReadOutfits]
    repeated: Sequence[RepeatedRows]


@dataclass(frozen=True, eq=False)
class OwnedNegatives:
    """Released negatives with the positives they belong to.

    Attributes:
        table: The negatives, in the order of their positives.
        owner: int64 (N,), the row of each one's positive in its split.
    """

    table: OutfitTable
    owner: NDArray[np.int64]


def read_contents(tuples: Tuples, faults: FaultSink) -> Contents:
    """Read a tree's items and positives. What is not sound is reported and left out."""
    catalog = tuples.read_catalog(faults)
    read = {split: tuples.read_outfits(tuples.positives(split), catalog, faults) for split in SPLITS}
    found = {split: outfits for split, outfits in read.items() if outfits is not None}
    if not found:
        return Contents(catalog, {}, [])
    parts, repeated = sound_positives(list(found.values()), faults)
    for part in parts:
        if part.rows.total and not len(part.table):
            faults(Fault(part.rows.path, "no row that can be used", "one row or more"))
    return Contents(catalog, dict(zip(found, parts, strict=True)), repeated)


def read_negatives(
    tuples: Tuples, contents: Contents, split: str, setting: str, faults: FaultSink
) -> OwnedNegatives | None:
    """The released negatives of a split, ten rows for each positive, in their order; None without them.

    The negatives of a positive that was left out are left out, too.
    """
    path = tuples.negatives(split, setting)
    if not path.exists():
        return None
    negatives = tuples.read_outfits(path, contents.catalog, faults)
    if negatives is None or split not in contents.positives:
        return None
    positives = contents.positives[split]
    rows = positives.rows.total * NEGATIVES_PER_POSITIVE
    if negatives.rows.total != rows:
        expected = f"{rows} rows, {NEGATIVES_PER_POSITIVE} for each positive"
        faults(Fault(path, f"{negatives.rows.total} rows", expected))
        return None
    # Both files are counted with the rows that were left out, for that is how they belong together.
    positive_numbers, owner_numbers = positives.rows.numbers, negatives.rows.numbers // NEGATIVES_PER_POSITIVE
    owned = np.isin(owner_numbers, positive_numbers)
    negatives, owner = negatives.take(owned), np.searchsorted(positive_numbers, owner_numbers[owned])
    users = positives.table.users[owner]
    of_others = negatives.table.users != users
    for row in np.flatnonzero(of_others).tolist():
        expected = f"user {users[row]}, as in its positive at {positives.rows.where(owner[row])}"
        found = f"user {negatives.table.users[row]}"
        faults(UnusableRow(negatives.rows.where(row), found, expected))
    return OwnedNegatives(negatives.table.take(~of_others), owner[~of_others])
