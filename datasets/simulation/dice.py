"""Seeded draws that come out the same on every machine and under every version of numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Dice"]

Choice = TypeVar("Choice")


class Dice:
    """Whole numbers from the raw stream of PCG64.

    numpy promises the raw stream of a bit generator for good, but not what the methods of `Generator` make of
    it (NEP 19). Here every draw is a raw 64-bit word modulo its bound: exact, with a bias below 2⁻³².

    Args:
        *seed: Whole numbers that name the stream; other numbers give an independent one.

    Example:
        >>> dice = Dice(7, 1)
        >>> dice.below(6, 5).tolist(), dice.one_below(100), dice.order(4).tolist()
        ([1, 0, 2, 3, 0], 42, [1, 2, 3, 0])
    """

    def __init__(self, *seed: int) -> None:
        self._bits = np.random.PCG64(list(seed))

    def below(self, bound: int, size: int) -> NDArray[np.int64]:
        """`size` draws from 0 … bound − 1, int64 (size,)."""
        return (self._bits.random_raw(size) % np.uint64(bound)).astype(np.int64)

    def one_below(self, bound: int) -> int:
        """One draw from 0 … bound − 1."""
        return int(self._bits.random_raw()) % bound

    def between(self, low: int, high: int) -> int:
        """One draw from low … high, both included."""
        return low + self.one_below(high - low + 1)

    def pick(self, choices: Sequence[Choice]) -> Choice:
        """One of `choices`, each equally likely."""
        return choices[self.one_below(len(choices))]

    def weighted(self, weights: NDArray[np.int64], size: int) -> NDArray[np.int64]:
        """Positions drawn in proportion to whole-number weights, with replacement, int64 (size,)."""
        bounds = np.cumsum(weights)
        return np.searchsorted(bounds, self.below(int(bounds[-1]), size), side="right")

    def order(self, size: int) -> NDArray[np.int64]:
        """A random order of 0 … size − 1, int64 (size,)."""
        return np.argsort(self._bits.random_raw(size), kind="stable")
