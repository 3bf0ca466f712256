"""Outfits of a catalogue's items, from a Parquet file, by the rows of their items' features."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..core.errors import Fault, InputError
from ..core.mapped import let_go
from ..core.parquet import open_parquet
from .catalogue_features import CatalogueFeatures

if TYPE_CHECKING:
    import pyarrow

__all__ = ["CatalogueOutfits", "list_lengths", "worn_rows"]

_COLUMNS = {"outfit": "its name", "items": "a list of items' names"}
_ROWS_AT_ONCE = 1 << 14


def list_lengths(lists: pyarrow.Array, where: str | Path) -> NDArray[np.int64]:
    """How many items each outfit of a column has, int64 (B,).

    Raises:
        InputError: If the column holds no lists.
    """
    import pyarrow

    if not (pyarrow.types.is_list(lists.type) or pyarrow.types.is_large_list(lists.type)):
        raise InputError(Fault(f"{where}, column items", str(lists.type), "a list of items' names"))
    return lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)


def worn_rows(
    lists: pyarrow.Array, lengths: NDArray[np.int64], slots: int, features: CatalogueFeatures
) -> NDArray[np.int64]:
    """Outfits by the rows of their items.

    Args:
        lists: The names of each outfit's items.
        lengths: How many, of `list_lengths`.
        slots: K, at least the longest list.
        features: Of the items.

    Returns:
        int64 (B, K), −1 in empty slots and for items without features.
    """
    rows = np.full((len(lists), slots), -1)
    names = lists.flatten().to_pylist()
    rows[np.arange(slots) < lengths[:, None]] = features.rows([str(name) for name in names])
    return rows


class CatalogueOutfits:
    """Outfits whose items all have features; the others are left out and counted.

    What grows with their number, their names among it, lies in files.

    Args:
        path: A Parquet file with the columns outfit (its name) and items (a list of their names).
        features: Of the items.
        scratch: Folder for files that are of use as long as this is.

    Attributes:
        items: int32 (M, K), rows among the features, −1 in empty slots; memory-mapped.
        left_out: Outfits that hold no item, or an item without features.

    Raises:
        InputError: If the file cannot be read, lacks a column, or no outfit of it is left.
    """

    def __init__(self, path: Path, features: CatalogueFeatures, scratch: Path) -> None:
        import pyarrow

        file = open_parquet(path, _COLUMNS)
        total = file.metadata.num_rows
        batches = file.iter_batches(_ROWS_AT_ONCE, columns=["items"])
        slots = max((int(list_lengths(batch.column(0), path).max(initial=1)) for batch in batches), default=1)
        made = np.lib.format.open_memmap(scratch / "outfits.npy", "w+", np.int32, (max(total, 1), slots))
        names = scratch / "names.arrow"
        schema = pyarrow.schema([file.schema_arrow.field("outfit")])
        kept = 0
        with pyarrow.OSFile(str(names), "wb") as sink, pyarrow.ipc.new_stream(sink, schema) as writer:
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=["outfit", "items"]):
                items = batch.column("items")
                lengths = list_lengths(items, path)
                rows = worn_rows(items, lengths, slots, features)
                whole = np.flatnonzero(((rows >= 0).sum(1) == lengths) & (lengths > 0))
                made[kept : kept + len(whole)] = rows[whole]
                let_go(made)
                writer.write_batch(batch.select(["outfit"]).take(pyarrow.array(whole)))
                kept += len(whole)
        if not kept:
            found = f"{total} outfits, none of them of items with features"
            raise InputError(Fault(path, found, "an outfit of encoded items at least"))
        self.items, self.left_out = made[:kept], total - kept
        kept_names = pyarrow.ipc.open_stream(pyarrow.memory_map(str(names))).read_all()["outfit"]
        self._names = kept_names.chunks
        self._ends = np.cumsum([len(chunk) for chunk in self._names])

    def __len__(self) -> int:
        return len(self.items)

    def names(self, outfits: NDArray[np.int64]) -> pyarrow.Array:
        """Names of outfits (n,), as they stand in the file."""
        import pyarrow

        # Chunk by chunk: taken from all of them at once, they would be copied into one array every time.
        order = np.argsort(outfits, kind="stable")
        places = outfits[order]
        chunks, firsts = np.unique(np.searchsorted(self._ends, places, side="right"), return_index=True)
        taken = [
            self._names[chunk].take(pyarrow.array(own - self._ends[chunk] + len(self._names[chunk])))
            for chunk, own in zip(chunks, np.split(places, firsts[1:]), strict=True)
        ]
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return pyarrow.concat_arrays(taken).take(pyarrow.array(back))
