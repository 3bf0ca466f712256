"""The best outfits for every user out of a catalogue of vectors by faiss, which may miss some.

Needs the package faiss (extra `faiss`), which is imported when an index is made.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import Fault, InputError
from .nearest_outfits import NearestOutfits

__all__ = ["OutfitIndex", "need_faiss", "recall"]

_PROBED = 16
"""Cells that are searched for a user at first."""

_TRAINED_ON = 64
"""Vectors a cell, about, from which the cells' centres are made."""

_AT_ONCE = 1 << 16
"""Vectors that are added at a time."""


def need_faiss(where: str | Path) -> None:
    """Find out before the work whether there can be an index.

    Raises:
        InputError: If faiss is not installed.
    """
    try:
        import faiss  # noqa: F401
    except ImportError as error:
        fix = "run pip install 'outfitbench[faiss]'"
        raise InputError(Fault(where, "no package for approximate search", "faiss", fix)) from error


class OutfitIndex:
    """An inverted file: √N cells about centres (k-means), of which those nearest to a user are searched.

    Args:
        outfits: float32 (N, d), N of 1 or more; of a memory map, a block at a time is read.
        threads: Of building and searching.

    Raises:
        InputError: If a vector holds what is no number.

    Example:
        >>> rows = np.eye(4, dtype=np.float32)
        >>> OutfitIndex(rows, threads=1).search(rows[2:3], 1).outfits.tolist()
        [[2]]
    """

    def __init__(self, outfits: NDArray[np.float32], *, threads: int) -> None:
        import faiss

        faiss.omp_set_num_threads(threads)
        count, width = outfits.shape
        self._cells = int(count**0.5)
        centres = faiss.IndexFlatIP(width)
        self._index = faiss.IndexIVFFlat(centres, width, self._cells, faiss.METRIC_INNER_PRODUCT)
        self._index.cp.min_points_per_centroid = 1  # few vectors are no fault here, and no reason to warn
        self._index.train(_numbers(outfits[:: max(1, count // (self._cells * _TRAINED_ON))]))
        for first in range(0, count, _AT_ONCE):
            self._index.add(_numbers(outfits[first : first + _AT_ONCE]))

    @staticmethod
    def bytes_of(count: int, width: int) -> int:
        """What an index of so many vectors holds, about: they themselves, and a number each."""
        return count * (4 * width + 8)

    def search(self, users: NDArray[np.float32], k: int) -> NearestOutfits:
        """Of the outfits in the cells searched, the k with the greatest inner products, for every user.

        Where those cells hold fewer than k for somebody, twice as many are searched, and so on.

        Args:
            users: (U, d).
            k: How many; N where that is less.
        """
        k = min(k, self._index.ntotal)
        self._index.nprobe = min(_PROBED, self._cells)
        scores, outfits = self._index.search(users, k)
        while self._index.nprobe < self._cells and len(lacking := np.flatnonzero(outfits[:, -1] < 0)):
            self._index.nprobe = min(2 * self._index.nprobe, self._cells)
            scores[lacking], outfits[lacking] = self._index.search(users[lacking], k)
        order = np.lexsort((outfits, -scores))  # of equal ones the earlier first
        return NearestOutfits(np.take_along_axis(outfits, order, 1), np.take_along_axis(scores, order, 1))


def recall(found: NDArray[np.int64], best: NDArray[np.int64]) -> float:
    """How many of the exact best are among those that were found, as a share.

    Args:
        found: (U, k).
        best: (U, k).

    Example:
        >>> recall(np.array([[4, 2]]), np.array([[2, 7]]))
        0.5
    """
    return float((found[:, :, None] == best[:, None, :]).any(1).mean())


def _numbers(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    if not np.isfinite(vectors).all():
        fix = "the weights, or the items' features, are broken"
        raise InputError(Fault("vectors of outfits", "NaN or inf", "numbers", fix))
    return np.ascontiguousarray(vectors)
