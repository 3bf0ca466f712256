"""A catalogue's outfits ranked on the machines of a Ray cluster: a task ranks a part of them for many users.

The best of the parts are merged by score and number, so that of equal scores the outfit with the lower number
is the better one, as in one process. Parts are whole blocks of what one process ranks at a time, so that the
same matrices are multiplied; yet where machines, or their numbers of threads, add up in another order, scores
differ by rounding, and of outfits whose scores differ by no more either may be the better.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..core.progress import progress_bar
from ..core.ray_cluster import RayCluster
from ..core.scratch import scratch_folder
from ..core.stored_rows import StoredRows
from ..models import OutfitModel
from .catalogue_users import USERS_AT_ONCE, KnownUsers, NewUsers, blocks_of
from .model_on_ray import model_from, put_model
from .outfit_ranking import OutfitRanking
from .top_k import BestOutfits, TopK

__all__ = ["rank_on_ray", "rank_part"]

_BLOCK = 2048
"""Outfits: a part is some of these."""

_ITEMS = 1 << 15
"""Of a block: 16 MiB of features of 128 numbers."""

_PARTS_A_CORE = 4
"""So that the last tasks to end keep few cores waiting."""

_COPIES = 4
"""Of a part at most, where it is sent and where it is received, each pickled and not."""

_BYTES_A_PLACE = 96
"""At most, of a user's k places while the best of two parts are merged."""


def rank_on_ray(
    cluster: RayCluster,
    model: OutfitModel,
    items: tuple[StoredRows[np.float32], StoredRows[np.int16]],
    outfits: NDArray[np.int32],
    users: KnownUsers | NewUsers,
    k: int,
    *,
    memory: int,
    strategy: str,
) -> Iterator[tuple[slice, BestOutfits]]:
    """Rank outfits for users.

    Args:
        cluster: Whose machines rank.
        model: In evaluation mode, on the CPU; checked by `check_ranks_catalogues`.
        items: Their features and categories, in files; each machine holds them once, in Ray's object store.
        outfits: int32 (M, K), rows of these, −1 in empty slots; may be mapped into memory.
        users: For whom.
        k: How many of each.
        memory: Bytes for what grows with users, outfits and items, here and in each task; 1 MiB or more.
        strategy: How new users are scored.

    Yields:
        Which of the users, `USERS_AT_ONCE` after the other, and their best.

    Raises:
        InputError: If a score is not a number, or a machine cannot do its part, with its name.
    """
    shared = put_model(cluster, model), _put_items(cluster, items)
    blocks = -(-len(outfits) // _BLOCK)
    within = memory // (_COPIES * outfits.itemsize * outfits.shape[1] * _BLOCK)
    size = _BLOCK * max(1, min(-(-blocks // (_PARTS_A_CORE * cluster.cores)), within))
    starts = range(0, len(outfits), size)
    at_once = max(1, memory // (_BYTES_A_PLACE * k * USERS_AT_ONCE)) * USERS_AT_ONCE
    ranges = range(0, len(users.names), at_once)
    with progress_bar() as progress:
        task = progress.add_task("ranking the catalogue for users", total=len(starts) * len(ranges))
        for first in ranges:
            some = users.part(slice(first, min(first + at_once, len(users.names))))
            whom = cluster.put(pickle.dumps((some, k, memory // 2, strategy)), "users")
            given = (
                (*shared, whom, start, pickle.dumps(np.array(outfits[start : start + size])))
                for start in starts
            )
            best = TopK(len(some.names), k)
            for _, found in cluster.gather(rank_part, given, calls=len(starts), name="rank outfits"):
                best.merge(found)
                progress.advance(task)
            of_all = best.result()
            for own in blocks_of(some):
                part = slice(first + own.start, first + own.stop)
                yield part, BestOutfits(of_all.outfits[own], of_all.scores[own])


def _put_items(cluster: RayCluster, items: tuple[StoredRows[np.float32], StoredRows[np.int16]]) -> list[Any]:
    """Lay items into the object store, block by block, so that no more than one is held here."""
    vectors, categories = items
    blocks = ((first, first + _ITEMS) for first in range(0, len(vectors), _ITEMS))
    return [
        cluster.put((vectors.part(*block), categories.part(*block)), "the items' features")
        for block in blocks
    ]


def rank_part(
    device: str,
    cores: int,
    model: list[Any],
    items: list[Any],
    users: bytes,
    first: int,
    outfits: bytes,
) -> BestOutfits:
    """Rank a part of the outfits on a machine of the cluster.

    Args:
        device: Where.
        cores: That may be used.
        model: Of `put_model`.
        items: Ray's references to blocks of their features and categories.
        users: For whom, how many outfits of each, the bytes for that, and the strategy; pickled, so that
            nobody reads it whose package is another.
        first: The number of the part's first outfit.
        outfits: The part, pickled.

    Returns:
        The best of the part, by their numbers among all.

    Raises:
        InputError: If a score is not a number, or the disk is full.
    """
    torch.set_num_threads(cores)
    whom, k, memory, strategy = pickle.loads(users)  # noqa: S301 - of the caller, as the code is
    own = pickle.loads(outfits)  # noqa: S301 - likewise
    shape = len(whom.names), min(k, len(own))
    best = BestOutfits(torch.empty(shape, dtype=torch.int64), torch.empty(shape))
    with scratch_folder() as scratch:
        ranking = OutfitRanking(
            model_from(*model, device),
            import_module("ray").get(items),
            own,
            memory=memory,
            strategy=strategy,
            scratch=scratch,
        )
        for block in blocks_of(whom):
            found = ranking.best(whom.part(block), k)
            best.outfits[block], best.scores[block] = found.outfits + first, found.scores
    return best
