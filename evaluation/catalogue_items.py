"""Features and categories of a catalogue's items by row, wherever they lie."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..core.stored_rows import StoredRows

__all__ = ["CatalogueItems", "ItemBlock"]

ItemBlock = tuple[NDArray[np.float32] | StoredRows[np.float32], NDArray[np.int16] | StoredRows[np.int16]]
"""Of some items their features (n, D) and their categories (n,), by number; in memory or in files."""


class CatalogueItems:
    """Items in blocks, one after the other.

    Args:
        blocks: One or several.
        memory: Bytes: what lies in files is read into memory at once where it is no larger.

    Attributes:
        feature_size: D.

    Example:
        >>> block = np.eye(2, dtype=np.float32), np.array([0, 1], np.int16)
        >>> CatalogueItems([block, block], memory=0).take(np.array([3, 0]))[1]
        array([1, 0])
    """

    def __init__(self, blocks: Sequence[ItemBlock], *, memory: int) -> None:
        stored = sum(part.nbytes for block in blocks for part in block if isinstance(part, StoredRows))
        self._blocks = (
            [(_read(vectors), _read(numbers)) for vectors, numbers in blocks] if stored <= memory else blocks
        )
        self._starts = np.cumsum([0, *(len(vectors) for vectors, _ in blocks[:-1])])
        self.feature_size = blocks[0][0].shape[1]

    def take(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Features (m, D) and categories int64 (m,) of the items in some rows (m,), as new arrays."""
        features = np.empty((len(rows), self.feature_size), np.float32)
        categories = np.empty(len(rows), np.int64)
        blocks = np.searchsorted(self._starts, rows, side="right") - 1
        for block in np.unique(blocks):
            here = np.flatnonzero(blocks == block)
            vectors, numbers = self._blocks[block]
            features[here] = _taken(vectors, rows[here] - self._starts[block])
            categories[here] = _taken(numbers, rows[here] - self._starts[block])
        return features, categories


def _read(part: NDArray | StoredRows) -> NDArray:
    return part.part(0, len(part)) if isinstance(part, StoredRows) else part


def _taken(part: NDArray | StoredRows, rows: NDArray[np.int64]) -> NDArray:
    return part.take(rows) if isinstance(part, StoredRows) else part[rows]
