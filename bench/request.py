"""Requests to measure with: made outfits of a given shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["OUTFIT_SIZE", "Items", "Request", "as_floats", "make_request"]

Items = NDArray[np.uint8] | NDArray[np.float32]
"""Decoded images, uint8 (n, H, W, 3), or feature vectors, float32 (n, F)."""

OUTFIT_SIZE = 3
"""Items of an outfit in a request: one of each category."""


@dataclass(frozen=True, eq=False)
class Request:
    """Users who each ask for the score of one outfit, from its items' decoded images.

    Attributes:
        users: int64 (B,).
        items: uint8 (B·K, H, W, 3), outfit after outfit, or float32 (B·K, F) for feature input.
        categories: int64 (B, K).
    """

    users: NDArray[np.int64]
    items: Items
    categories: NDArray[np.int64]


def make_request(
    num_users: int,
    input_kind: str,
    input_size: int,
    *,
    batch: int = 1,
    outfit_size: int = OUTFIT_SIZE,
    num_categories: int = 3,
    seed: int = 0,
) -> Request:
    """Made outfits, the same from the same seed.

    An image is a 4 × 4 patchwork of colours with a little noise: unlike white noise, whose features all
    look alike, patchworks spread a model's scores.

    Args:
        num_users: Users are drawn below it.
        input_kind: "image" or "features".
        input_size: Pixels of an image's side, or the features' width.
        batch: B, outfits.
        outfit_size: K, items of each.
        num_categories: C, of the model; the items are of the first three of them.
        seed: Seed of everything drawn.

    Example:
        >>> request = make_request(9, "image", 64, batch=2)
        >>> request.items.shape, request.categories.tolist()
        ((6, 64, 64, 3), [[0, 1, 2], [0, 1, 2]])
    """
    generator = np.random.default_rng(seed)
    count = batch * outfit_size
    items = (
        _patchworks(generator, count, input_size)
        if input_kind == "image"
        else generator.standard_normal((count, input_size), dtype=np.float32)
    )
    # A fourth item is a second top: the categories of an outfit stand in ascending order.
    categories = np.sort(np.arange(outfit_size) % min(3, num_categories))
    return Request(
        users=generator.integers(num_users, size=batch),
        items=items,
        categories=np.tile(categories.astype(np.int64), (batch, 1)),
    )


def _patchworks(generator: np.random.Generator, count: int, size: int) -> NDArray[np.uint8]:
    colours = generator.integers(256, size=(count, 4, 4, 3))
    cell = np.arange(size) * 4 // size
    patches = colours[:, cell[:, None], cell[None, :]]
    noise = generator.integers(-8, 9, size=patches.shape)
    return np.clip(patches + noise, 0, 255).astype(np.uint8)


def as_floats(items: Items) -> NDArray[np.float32]:
    """Decoded images, uint8 (n, H, W, 3), as floats in [0, 1], (n, 3, H, W); features as they are."""
    if items.dtype != np.uint8:
        return items.astype(np.float32, copy=False)
    count, height, width, channels = items.shape
    floats = np.empty((count, channels, height, width), dtype=np.float32)
    return np.divide(items.transpose(0, 3, 1, 2), np.float32(255), out=floats)
