"""Rows of an array in a file, of which no more is held in memory than is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["StoredRows"]

Number = TypeVar("Number", bound=np.generic)


class StoredRows(Generic[Number]):
    """Rows of numbers, written once and read when they are asked for.

    They are no memory map: with each row that is looked at here and there it would hold what is round about,
    64 KiB or, where the system keeps the file in large pages, 2 MiB. A read that fails or a disk that is full
    is an error, and no signal that ends the process.

    Args:
        path: The file, which holds the numbers alone.
        parts: Some rows at a time, in order.
        dtype: Of the numbers.
        row: Shape of a row.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "rows"
        >>> rows = StoredRows(path, [np.eye(2), np.zeros((1, 2))], np.int8, (2,))
        >>> len(rows), rows.take(np.array([2, 0])).tolist(), rows.part(0, 2).tolist()
        (3, [[0, 0], [1, 0]], [[1, 0], [0, 1]])
    """

    def __init__(
        self, path: Path, parts: Iterable[NDArray[Any]], dtype: type[Number], row: tuple[int, ...] = ()
    ) -> None:
        self._path, self._dtype, self._row = path, np.dtype(dtype), row
        self._row_bytes = self._dtype.itemsize * int(np.prod(row))
        self._rows = 0
        with path.open("wb") as file:
            for part in parts:
                file.write(np.ascontiguousarray(part, dtype).data)
                self._rows += len(part)

    def __len__(self) -> int:
        return self._rows

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, *row)."""
        return self._rows, *self._row

    @property
    def nbytes(self) -> int:
        """Of all of them."""
        return self._rows * self._row_bytes

    def part(self, first: int, stop: int) -> NDArray[Number]:
        """Those from one row to before another, or to the last one."""
        count = max(0, min(stop, self._rows) - first)
        numbers = np.fromfile(
            self._path, self._dtype, count * int(np.prod(self._row)), offset=first * self._row_bytes
        )
        return numbers.reshape(count, *self._row)

    def take(self, rows: NDArray[np.int64]) -> NDArray[Number]:
        """Some rows (m,), in this order, as (m, *row)."""
        with self._path.open("rb", buffering=0) as file:
            found = bytearray().join(self._each(file.fileno(), rows))
        return np.frombuffer(found, self._dtype).reshape(len(rows), *self._row)

    def _each(self, file: int, rows: NDArray[np.int64]) -> Iterator[bytes]:
        size = self._row_bytes
        return (os.pread(file, size, size * row) for row in rows.tolist())
