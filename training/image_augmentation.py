"""Looking at a garment a little differently each time: a flip and a small shift."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["flip_and_shift"]

_LARGEST_SHIFT = 1 / 16
"""Of the image's side."""


def flip_and_shift(images: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """Mirror half of the images and move each by a few pixels; what moves in repeats the border.

    Args:
        images: uint8 (n, size, size, 3).
        generator: Draws which and how far.

    Returns:
        uint8 (n, size, size, 3).

    Example:
        >>> image = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
        >>> flip_and_shift(image, np.random.default_rng(0)).shape
        (1, 2, 2, 3)
    """
    size = images.shape[1]
    reach = int(size * _LARGEST_SHIFT)
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    corners = generator.integers(0, 2 * reach + 1, size=(len(images), 2))
    mirrored = generator.random(len(images)) < 0.5
    seen = np.empty_like(images)
    for index, (top, left) in enumerate(corners.tolist()):
        view = padded[index, top : top + size, left : left + size]
        seen[index] = view[:, ::-1] if mirrored[index] else view
    return seen
