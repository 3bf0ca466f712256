"""What a model sees of the items in a catalogue's Parquet file: a column of images, or of feature vectors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.errors import Fault, InputError
from ..core.names import shown

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.parquet

__all__ = ["ROWS_AT_ONCE", "ImageColumn", "SeenColumn", "VectorColumn"]

ROWS_AT_ONCE = 256
"""Rows of a catalogue's file that are read at a time."""


class SeenColumn(Protocol):
    """A column whose values a model sees.

    Attributes:
        name: Of the column.
        holds: What stands in it, in words.
    """

    name: str
    holds: str

    def check(self, file: pyarrow.parquet.ParquetFile, called: Path) -> None:
        """Hold the file, which has the column, to what the model takes.

        Raises:
            InputError: If no row can be used.
        """
        ...

    def values(self, rows: pyarrow.Array) -> Sequence[Any]:
        """The values of some rows, right or wrong; None where there is none."""
        ...

    def fault(self, value: Any, where: str) -> Fault | None:  # noqa: ANN401 - of `values`
        """What is wrong with a value; None if nothing is."""
        ...


class ImageColumn:
    """The bytes of an image file a row; whether they are an image is seen when they are decoded."""

    name = "image"
    holds = "the bytes of an image file, which the model sees"

    def check(self, file: pyarrow.parquet.ParquetFile, called: Path) -> None:
        """See `SeenColumn.check`: any bytes may be an image."""

    def values(self, rows: pyarrow.Array) -> list[Any]:
        """See `SeenColumn.values`."""
        return rows.to_pylist()

    def fault(self, value: Any, where: str) -> Fault | None:  # noqa: ANN401
        """See `SeenColumn.fault`."""
        if isinstance(value, bytes):
            return None
        found = "no image" if value is None else f"image {shown(value)}"
        return Fault(where, found, "the bytes of an image file")


class VectorColumn:
    """A feature vector a row.

    Args:
        size: F, how many numbers the model takes.
    """

    name = "features"

    def __init__(self, size: int) -> None:
        self._size = size
        self.holds = f"a list of {size} float32 numbers, which the model sees in place of an image"

    def check(self, file: pyarrow.parquet.ParquetFile, called: Path) -> None:
        """See `SeenColumn.check`: vectors of one other width are another model's, not broken items."""
        from pyarrow import types

        kind = file.schema_arrow.field(self.name).type
        where, expected = f"{called}, column {self.name}", f"lists of {self._size} float32 numbers"
        is_fixed = types.is_fixed_size_list(kind)
        is_list = is_fixed or types.is_list(kind) or types.is_large_list(kind)
        if not is_list or not types.is_floating(kind.value_type):
            raise InputError(Fault(where, str(kind), expected))
        if is_fixed:
            widths = {kind.list_size}
        else:
            first = next(file.iter_batches(ROWS_AT_ONCE, columns=[self.name]))
            widths = {len(vector) for vector in self.values(first.column(0)) if vector is not None}
        if len(widths) == 1 and widths != {self._size}:
            raise InputError(Fault(where, f"lists of {widths.pop()}", f"{expected}, as the model takes them"))

    def values(self, rows: pyarrow.Array) -> list[NDArray[np.float32] | None]:
        """See `SeenColumn.values`: float32, of any width; a number that is missing is NaN."""
        from pyarrow import compute

        there = rows.is_valid().to_numpy(zero_copy_only=False)
        lengths = compute.call_function("list_value_length", [rows])
        widths = np.where(there, lengths.fill_null(0).to_numpy(zero_copy_only=False), 0)
        with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and a fault
            numbers = rows.flatten().to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
        vectors = np.split(numbers, np.cumsum(widths)[:-1])
        return [vector if is_there else None for vector, is_there in zip(vectors, there, strict=True)]

    def fault(self, value: NDArray[np.float32] | None, where: str) -> Fault | None:
        """See `SeenColumn.fault`."""
        if value is None:
            found = "no features"
        elif len(value) != self._size:
            found = f"{len(value)} numbers"
        elif not np.isfinite(value).all():
            found = "NaN or infinity"
        else:
            return None
        return Fault(where, found, f"{self._size} finite numbers")
