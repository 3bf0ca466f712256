"""The best outfits for every user out of a catalogue of vectors: exact, in bounded memory, on all cores."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

__all__ = ["NearestOutfits", "nearest_outfits"]

_GROUP = 64
"""Outfits of which only the best score is kept at first."""

_BLOCK = 32 * _GROUP
"""Outfits that a thread scores at a time: the scores of a block stay in the processor's caches."""

_PART = 512 * _BLOCK
"""Outfits, about a million, after which the best so far are taken: it bounds the memory."""

_USERS = 1024
"""Users for whom outfits are scored at a time."""


class NearestOutfits(NamedTuple):
    """Each user's best outfits, the best first; of equal ones the earlier first.

    Attributes:
        outfits: Rows of the catalogue, int64 (U, k).
        scores: float32 (U, k).
    """

    outfits: NDArray[np.int64]
    scores: NDArray[np.float32]


def nearest_outfits(
    users: NDArray[np.float32], outfits: NDArray[np.float32], k: int, *, threads: int = 1
) -> NearestOutfits:
    """The k outfits with the greatest inner products, for every user.

    No score is kept but the best one of every 64 outfits. Whatever belongs to the best k lies in the k groups
    whose best are greatest, so those groups alone are scored again and put in order. What is left beside the
    matrix product is one pass over its result while that is in the caches.

    `evaluation.top_k` takes scores of any kind on any device; this is for vectors on the CPU, where it is
    faster, and needs no torch.

    Args:
        users: (U, d).
        outfits: (N, d), N of 1 or more; it may be a memory map, of which a block at a time is read.
        k: How many; N where that is less.
        threads: Threads, each on a block of its own.

    Example:
        >>> users, outfits = np.float32([[1, 0], [0, 1]]), np.float32([[1, 2], [3, 1], [2, 0]])
        >>> nearest_outfits(users, outfits, 2).outfits.tolist()
        [[1, 2], [0, 1]]
    """
    k = min(k, len(outfits))
    best = NearestOutfits(np.zeros((len(users), k), np.int64), np.full((len(users), k), -np.inf, np.float32))
    # Threads of our own: a block is scored and gone through by one, while its scores are near.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        for own in _slices(0, len(users), _USERS):
            search = _Search(
                users[own], outfits, NearestOutfits(best.outfits[own], best.scores[own]), threads
            )
            for part in _slices(0, len(outfits), _PART):
                search.take(part, pool)
    return best


class _Search:
    """The best so far of some users, one part of the catalogue after the other.

    Args:
        users: (U, d).
        outfits: (N, d).
        best: Filled in place.
        threads: How many blocks are scored at a time.
    """

    def __init__(
        self, users: NDArray[np.float32], outfits: NDArray[np.float32], best: NearestOutfits, threads: int
    ) -> None:
        self._users, self._outfits, self._best = users, outfits, best
        self._columns = np.ascontiguousarray(users.T)
        # Written over again and again: new memory each time would cost as much as what is done in it.
        self._unused = [np.empty((_BLOCK, len(users)), np.float32) for _ in range(threads)]

    def take(self, part: slice, pool: ThreadPoolExecutor) -> None:
        """Let the best of a part of the catalogue in among the best so far."""
        peaks = np.empty((-(-(part.stop - part.start) // _GROUP), len(self._users)), np.float32)
        blocks = _slices(part.start, part.stop, _BLOCK)
        list(
            pool.map(
                lambda block: self._find_peaks(block, peaks[(block.start - part.start) // _GROUP :]), blocks
            )
        )
        few = _slices(0, len(self._users), 32)
        list(pool.map(lambda own: self._choose(own, part, peaks), few))

    def _find_peaks(self, block: slice, peaks: NDArray[np.float32]) -> None:
        """Write the best score of each group of a block, for each user."""
        scores = self._unused.pop()
        count = block.stop - block.start
        groups = scores[: -(-count // _GROUP) * _GROUP].reshape(-1, _GROUP, len(self._users))
        np.matmul(self._outfits[block], self._columns, out=scores[:count])
        scores[count:] = -np.inf
        np.max(groups, axis=1, out=peaks[: len(groups)])
        self._unused.append(scores)

    def _choose(self, own: slice, part: slice, peaks: NDArray[np.float32]) -> None:
        """Score the best groups of some users again, and keep what is better than the best so far."""
        high = _highest(np.ascontiguousarray(peaks[:, own].T), self._best.outfits.shape[1])
        for user, groups in zip(range(own.start, own.stop), high, strict=True):
            rows = (part.start + groups[:, None] * _GROUP + np.arange(_GROUP)).reshape(-1)
            rows = rows[rows < part.stop]
            self._keep(user, rows, self._outfits[rows] @ self._users[user])

    def _keep(self, user: int, rows: NDArray[np.int64], scores: NDArray[np.float32]) -> None:
        outfits, best = self._best.outfits[user], self._best.scores[user]
        known = best > -np.inf
        rows, scores = np.concatenate([outfits[known], rows]), np.concatenate([best[known], scores])
        order = np.lexsort((rows, -scores))[: len(outfits)]
        outfits[: len(order)], best[: len(order)] = rows[order], scores[order]


def _highest(values: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    """Columns of the k greatest of each row, ascending; of equal ones the earlier, or all."""
    count = values.shape[1]
    if count <= k:
        return np.broadcast_to(np.arange(count), values.shape)
    least = np.partition(values, count - k, axis=1)[:, count - k, None]
    above, level = values > least, values == least
    lacking = k - above.sum(axis=1, keepdims=True)
    return np.nonzero(above | (level & (level.cumsum(axis=1) <= lacking)))[1].reshape(len(values), k)


def _slices(start: int, stop: int, step: int) -> list[slice]:
    return [slice(first, min(first + step, stop)) for first in range(start, stop, step)]
