"""Outfits as single numbers, so that millions can be compared at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .tables import NO_ITEM, OutfitTable

__all__ = ["OutfitHash", "PostedOutfits"]


class OutfitHash:
    """Names outfits by 64-bit numbers that the order of their items does not change (Zobrist hashing).

    An outfit's number is the sum of fixed random numbers of its items. Equal outfits always have equal
    numbers. That any of 230,540 negatives shares its number with any of 23,054 other outfits has a chance of
    3e-10, and costs no more than another draw.
    """

    def __init__(self, num_items: int) -> None:
        self._numbers = np.random.default_rng(0).integers(2**64, size=num_items + 1, dtype=np.uint64)
        self._numbers[NO_ITEM] = 0

    def of(self, items: NDArray[np.integer]) -> NDArray[np.uint64]:
        """Numbers of outfits, uint64 (N,), from items (N, K)."""
        return self._numbers[items].sum(axis=1)


class PostedOutfits:
    """Who posted which outfit.

    Example:
        >>> posted = PostedOutfits(OutfitTable(np.int32([0, 1]), np.int32([[0, 2, 4], [1, 3, 5]])))
        >>> posted.by(np.int32([0, 1]), np.int32([[4, 2, 0], [0, 3, 5]])).tolist()
        [[True, False], [False, False]]
        >>> posted.hold(np.int32([0, 1]), np.int32([[4, 2, 0], [0, 2, 4]])).tolist()
        [True, False]
    """

    def __init__(self, outfits: OutfitTable) -> None:
        self._outfits = OutfitHash(int(outfits.items.max()) + 1)
        self._users = np.random.default_rng(1).integers(
            2**64, size=int(outfits.users.max()) + 1, dtype=np.uint64
        )
        self._posted = np.unique(self._users[outfits.users] ^ self._outfits.of(outfits.items))

    def by(self, users: NDArray[np.integer], items: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Whether each user posted each outfit, bool (N, M), from users (N,) and items (M, K)."""
        return np.isin(self._users[users][:, None] ^ self._outfits.of(items), self._posted)

    def hold(self, users: NDArray[np.integer], items: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Whether each outfit was posted by its user, bool (N,), from users (N,) and items (N, K)."""
        return np.isin(self._users[users] ^ self._outfits.of(items), self._posted)
