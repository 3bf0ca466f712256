"""Styles over looks: what goes with what among photographs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..simulation import Dice

__all__ = ["find_styles", "style_contrast", "style_weights"]

_NUM_STYLES = 24

_CANDIDATES = 400
"""Photographs among which the styles are sought."""

_REACH = 24
"""Distance in levels over which a style's liking falls to exp(−1/2)."""

_SCALE = 100_000
"""Weight of an item that shows a style perfectly; whole numbers make the draws the same everywhere."""


def find_styles(levels: NDArray[np.int64], dice: Dice) -> NDArray[np.int64]:
    """Looks far apart from each other, each shown by some photograph: farthest-first traversal.

    Args:
        levels: int64 (n, L).
        dice: Source of the draws.

    Returns:
        int64 (S, L).
    """
    pool = levels[dice.order(len(levels))[:_CANDIDATES]]
    chosen = [0]
    nearest = _squared_distances(pool, pool[:1])[:, 0]
    while len(chosen) < min(_NUM_STYLES, len(pool)):
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, _squared_distances(pool, pool[chosen[-1:]])[:, 0])
    return pool[chosen]


def style_weights(levels: NDArray[np.int64], styles: NDArray[np.int64]) -> NDArray[np.int64]:
    """How strongly each style takes to each item, int64 (n, S), at least 1."""
    liking = np.exp(_squared_distances(levels, styles) / (-2 * _REACH**2))
    return np.maximum(1, np.rint(liking * _SCALE)).astype(np.int64)


def style_contrast(styles: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Pairs of styles that are no close neighbours, bool (S, S): farther apart than half of all pairs."""
    distances = _squared_distances(styles, styles)
    return distances > np.median(distances)


def _squared_distances(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """Squared distances in levels, (len(a), len(b))."""
    return ((a[:, None] - b[None]) ** 2).sum(axis=2)
