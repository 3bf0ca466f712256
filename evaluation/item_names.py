"""Rows of a catalogue's items by their names, in a file: however many there are, little is held in memory.

Of a name 128 bits of a hash are kept, as two numbers, sorted by the first of them: in runs, which are merged
range by range, as hashes are spread evenly. A name is looked for in the one block of the file that it can be
in. So neither takes more memory where there are more names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.stored_rows import StoredRows

__all__ = ["ItemNames"]

_RUN = 1 << 17
"""Names that are sorted at a time."""

_BLOCK = 1 << 15
"""Names that are looked among at a time."""

Keys = NDArray[np.uint64]
"""Names (n, 3): two numbers of a hash, and the row."""


class ItemNames:
    """Names, each of one row.

    Args:
        names: Some at a time, in the order of their rows.
        scratch: Folder for a file that is of use as long as this is.

    Attributes:
        repeated: The first row whose name an earlier one has; None if there is none.

    Example:
        >>> import tempfile
        >>> names = ItemNames([["hat", "shoe"], ["sock"]], Path(tempfile.mkdtemp()))
        >>> names.rows(["sock", "tie", "hat"]), names.repeated
        (array([ 2, -1,  0]), None)
    """

    def __init__(self, names: Iterable[Sequence[str]], scratch: Path) -> None:
        self.repeated: int | None = None
        lengths: list[int] = []
        runs = StoredRows(scratch / "runs", _runs(names, lengths), np.uint64, (3,))
        self._keys = StoredRows(scratch / "names", self._merged(runs, lengths), np.uint64, (3,))
        (scratch / "runs").unlink()
        self._firsts = self._keys.take(np.arange(0, len(self._keys), _BLOCK))[:, 0]
        """The least number of each block."""

    def rows(self, names: Sequence[str]) -> NDArray[np.int64]:
        """Rows of some names, int64 (n,); −1 for one that there is not."""
        numbers = _numbers(names)
        rows = np.full(len(numbers), -1)
        # Those that equal a block's least number stand in the block before, too, if at all.
        blocks = np.maximum(np.searchsorted(self._firsts, numbers[:, 0], side="left") - 1, 0)
        left = np.arange(len(numbers)) if len(self._keys) else np.arange(0)
        while len(left):
            order = left[np.argsort(blocks[left], kind="stable")]
            each, starts = np.unique(blocks[order], return_index=True)
            for block, own in zip(each, np.split(order, starts[1:]), strict=True):
                keys = self._keys.part(int(block) * _BLOCK, (int(block) + 1) * _BLOCK)
                rows[own] = _look_up(numbers[own], keys)
            blocks[left] += 1
            left = left[(rows[left] < 0) & (blocks[left] < len(self._firsts))]
            left = left[self._firsts[blocks[left]] <= numbers[left, 0]]
        return rows

    def _merged(self, runs: StoredRows[np.uint64], lengths: Sequence[int]) -> Iterator[Keys]:
        """The runs as one; of equal names the earlier row first."""
        ends = np.cumsum(lengths).tolist()
        edges = np.array([(number << 64) // len(ends) for number in range(1, len(ends))], np.uint64)
        cuts = []
        for end, length in zip(ends, lengths, strict=True):
            run = runs.part(end - length, end)
            cuts.append(end - length + np.array([0, *np.searchsorted(run[:, 0], edges), length]))
        for number in range(len(ends)):
            part = np.concatenate([runs.part(cut[number], cut[number + 1]) for cut in cuts])
            part = part[np.lexsort(part.T[::-1])]
            self._note_repeated(part)
            yield part

    def _note_repeated(self, part: Keys) -> None:
        again = part[1:][(part[1:, :2] == part[:-1, :2]).all(1), 2]
        if len(again):
            first = int(again.min())
            self.repeated = first if self.repeated is None else min(first, self.repeated)


def _numbers(names: Sequence[str]) -> NDArray[np.uint64]:
    """Two numbers of each name, (n, 2)."""
    digests = b"".join(blake2b(name.encode(), digest_size=16).digest() for name in names)
    return np.frombuffer(digests, np.uint64).reshape(-1, 2)


def _runs(names: Iterable[Sequence[str]], lengths: list[int]) -> Iterator[Keys]:
    """Some names at a time, sorted by the first number; notes how many."""
    every = chain.from_iterable(names)
    while len(numbers := _numbers(list(islice(every, _RUN)))):
        rows = np.arange(len(numbers), dtype=np.uint64) + np.uint64(sum(lengths))
        lengths.append(len(numbers))
        yield np.column_stack([numbers, rows])[np.argsort(numbers[:, 0])]


def _look_up(numbers: NDArray[np.uint64], keys: Keys) -> NDArray[np.int64]:
    """Rows of names by their two numbers (m, 2) among sorted keys; −1 for one that is not there."""
    rows = np.full(len(numbers), -1)
    places = np.searchsorted(keys[:, 0], numbers[:, 0])
    left = np.arange(len(numbers))
    while True:
        left = left[places[left] < len(keys)]
        left = left[keys[places[left], 0] == numbers[left, 0]]
        if not len(left):
            return rows
        same = keys[places[left], 1] == numbers[left, 1]
        rows[left[same]] = keys[places[left[same]], 2]
        left = left[~same]  # another name of the same first number may stand behind it
        places[left] += 1
