"""What can be measured of a photograph's look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEVELS", "LOOKS", "measure_looks", "rank_levels"]

LOOKS = ("lightness", "red-green", "yellow-blue", "saturation", "contrast", "texture")
"""What `measure_looks` measures, by column."""

LEVELS = 100
"""Looks are told apart in this many levels."""


def measure_looks(images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Sums over the middle of each picture, where the garment lies, in whole numbers.

    Lightness is R + G + B; red-green R − G; yellow-blue R + G − 2 B; saturation the largest channel less the
    smallest; contrast the distance from the mean lightness; texture the difference of neighbouring pixels.

    Args:
        images: uint8 (n, side, side, 3).

    Returns:
        int64 (n, len(LOOKS)).

    Example:
        >>> red = np.zeros((1, 8, 8, 3), np.uint8)
        >>> red[..., 0] = 100
        >>> measure_looks(red).tolist()
        [[1600, 1600, 1600, 1600, 0, 0]]
    """
    side = images.shape[1]
    middle = slice(side // 4, side - side // 4)
    window = images[:, middle, middle].astype(np.int64)
    red, green, blue = np.moveaxis(window, -1, 0)
    light = red + green + blue
    mean = light.mean(axis=(1, 2), keepdims=True).astype(np.int64)
    steps = abs(np.diff(light, axis=1)).sum(axis=(1, 2)) + abs(np.diff(light, axis=2)).sum(axis=(1, 2))
    columns = [
        light.sum(axis=(1, 2)),
        (red - green).sum(axis=(1, 2)),
        (red + green - 2 * blue).sum(axis=(1, 2)),
        (window.max(axis=-1) - window.min(axis=-1)).sum(axis=(1, 2)),
        abs(light - mean).sum(axis=(1, 2)),
        steps,
    ]
    return np.stack(columns, axis=1)


def rank_levels(looks: NDArray[np.int64], item_category: NDArray[np.int8]) -> NDArray[np.int64]:
    """Each look as its level, 0 … LEVELS − 1, among the items of the category: what is light for a shoe.

    Args:
        looks: (n, L).
        item_category: (n,).

    Returns:
        int64 (n, L).

    Example:
        >>> rank_levels(np.int64([[5], [900], [7], [6]]), np.int8([0, 0, 1, 1])).tolist()
        [[0], [50], [50], [0]]
    """
    levels = np.empty_like(looks)
    for category in np.unique(item_category):
        members = np.flatnonzero(item_category == category)
        ranks = np.argsort(np.argsort(looks[members], axis=0, kind="stable"), axis=0, kind="stable")
        levels[members] = ranks * LEVELS // len(members)
    return levels
