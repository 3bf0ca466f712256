"""An array on disk, memory-mapped, with a checksum behind it for each block of its bytes."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from .files import atomic_file, made_once

__all__ = ["CheckedArray"]

_BLOCK = 1 << 20
"""Bytes that one checksum is for."""

_SAMPLED = 12
"""Blocks that are looked at on opening: the first, the last, and others by chance."""

_sound: set[tuple[str, int, int, int]] = set()
"""Files that this process has looked at, with their size and times: each is looked at once."""


@dataclass(frozen=True)
class CheckedArray:
    """A `.npy` file that any reader can map; behind the array stands a CRC-32 for each of its blocks.

    Attributes:
        path: The file.
        shape: Of the array, rows first.
        dtype: Of its numbers.

    Example:
        >>> import tempfile
        >>> array = CheckedArray(Path(tempfile.mkdtemp()) / "a.npy", (3, 2), np.dtype("<f4"))
        >>> array.write(np.full(2, row, "<f4") for row in range(3))
        >>> array.open().tolist(), array.fault()
        ([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]], '')
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def write(self, parts: Iterable[NDArray[Any]]) -> None:
        """Write the file, whole or not at all.

        It is written as a stream: on a full disk a write fails with an error, a memory map with a signal
        that ends the process.

        Args:
            parts: One row or several at a time, in order.

        Raises:
            InputError: If the folder cannot be written, or the disk is full.
        """
        sums: list[int] = []
        waiting = bytearray()
        header = {
            "descr": np.lib.format.dtype_to_descr(self.dtype),
            "fortran_order": False,
            "shape": self.shape,
        }
        with atomic_file(self.path) as part, part.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for rows in parts:
                data = rows.tobytes()
                file.write(data)
                waiting += data
                whole = len(waiting) - len(waiting) % _BLOCK
                sums += [zlib.crc32(waiting[start : start + _BLOCK]) for start in range(0, whole, _BLOCK)]
                del waiting[:whole]
            if waiting:
                sums.append(zlib.crc32(waiting))
            file.write(np.array(sums, "<u4").tobytes())

    def made_once(self, parts: Callable[[], Iterable[NDArray[Any]]]) -> NDArray[Any]:
        """The array as `open` gives it; where there is none, or a broken one, it is written first.

        Of several processes that want it, the first writes it and the others wait.

        Args:
            parts: Gives what `write` takes.

        Raises:
            InputError: As for `write`.
        """

        def make() -> NDArray[Any]:
            self.write(parts())
            return np.load(self.path, mmap_mode="r")

        return made_once(self.path, self.open, make)

    def open(self) -> NDArray[Any] | None:
        """The array, memory-mapped and read-only; None where there is no such file, or a broken one.

        Its length is looked at, and some blocks are, once a process (`fault` looks at all).
        """
        try:
            status = self.path.stat()
            known = (str(self.path), status.st_size, status.st_mtime_ns, status.st_ino)
            if known not in _sound and self.fault(sampled=True):
                return None
            _sound.add(known)
            return np.load(self.path, mmap_mode="r")
        except OSError:
            return None

    def fault(self, *, sampled: bool = False) -> str:
        """What is wrong with the file; empty if nothing is.

        Args:
            sampled: Whether to look at some blocks and not at all.

        Raises:
            OSError: If it cannot be read.
        """
        with self.path.open("rb") as file:
            try:
                np.lib.format.read_magic(file)
                found = np.lib.format.read_array_header_1_0(file)
            except (ValueError, EOFError):
                return "no array"
            if found != (self.shape, False, self.dtype):
                return "an array of another kind"
            start = file.tell()
            if self.path.stat().st_size != start + self._length + 4 * self._blocks:
                return "a file cut short, or too long"
            file.seek(start + self._length)
            sums = np.frombuffer(file.read(), "<u4")
            for number in _some(self._blocks) if sampled else range(self._blocks):
                if zlib.crc32(self._block(file, start, number)) != sums[number]:
                    first = number * _BLOCK * self.shape[0] // self._length
                    return f"other bytes than were written, at row {first} or a little after"
        return ""

    @property
    def _length(self) -> int:
        return int(np.prod(self.shape)) * self.dtype.itemsize

    @property
    def _blocks(self) -> int:
        return -(-self._length // _BLOCK)

    def _block(self, file: BinaryIO, start: int, number: int) -> bytes:
        file.seek(start + number * _BLOCK)
        return file.read(min(_BLOCK, self._length - number * _BLOCK))


def _some(count: int) -> list[int]:
    """All of a few blocks; of many the first, the last, and some by chance, others each time."""
    if count <= _SAMPLED:
        return list(range(count))
    return sorted({0, count - 1, *random.sample(range(count), _SAMPLED - 2)})
