"""What users are called where a dataset comes from, as many as there are: bytes, not Python objects."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ..core.mapped import let_go

__all__ = ["UserNames"]

_AT_ONCE = 1 << 16
"""Names that are read at a time."""


class UserNames:
    r"""The names of a dataset's users, in the order of their numbers.

    A byte that is no UTF-8 stands as `\x` and two digits. Where the arrays are mapped from files, what was
    read of them is let go.

    Args:
        letters: uint8 (L,), the names one behind the other.
        ends: int64 (n,), where each of them ends.

    Example:
        >>> names = UserNames.of([b"anna", "zoë".encode(), b"7"])
        >>> list(names), names.of_numbers([2, 0]), names.numbers_of(["7", "nobody"])
        (['anna', 'zoë', '7'], ['7', 'anna'], array([ 2, -1]))
    """

    def __init__(self, letters: NDArray[np.uint8], ends: NDArray[np.int64]) -> None:
        self.letters, self.ends = letters, ends

    @classmethod
    def of(cls, names: Collection[bytes]) -> Self:
        """Names as they are given, one a user."""
        ends = np.cumsum(np.fromiter(map(len, names), np.int64, len(names)))
        return cls(np.frombuffer(b"".join(names), np.uint8), ends)

    def __len__(self) -> int:
        return len(self.ends)

    def __iter__(self) -> Iterator[str]:
        start = 0
        for first in range(0, len(self), _AT_ONCE):
            ends = self.ends[first : first + _AT_ONCE].tolist()
            letters = self.letters[start : ends[-1]].tobytes()
            for begin, end in pairwise([start, *ends]):
                yield _decoded(letters[begin - start : end - start])
            start = ends[-1]
            self._let_go()

    def of_numbers(self, users: Sequence[int] | NDArray[np.integer]) -> list[str]:
        """The names of some users, by their numbers; not more at a time than may be held."""
        places = np.asarray(users, np.int64)
        stops = self.ends[places]
        starts = np.where(places > 0, self.ends[places - 1], 0)
        found = [
            _decoded(self.letters[start:stop].tobytes())
            for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)
        ]
        self._let_go()
        return found

    def numbers_of(self, names: Sequence[str]) -> NDArray[np.int64]:
        """The numbers of users by their names, int64 (n,); −1 for a name that is nobody's.

        All names are gone through: ask for many at a time, but not for more than may be held.
        """
        numbers = dict.fromkeys(names, -1)
        for number, name in enumerate(self):
            if name in numbers:
                numbers[name] = number
        return np.array([numbers[name] for name in names], np.int64)

    def _let_go(self) -> None:
        let_go(self.letters)
        let_go(self.ends)


def _decoded(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
