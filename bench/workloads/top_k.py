"""The best outfits for every user, out of a catalogue of ready outfit vectors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ...evaluation.nearest_outfits import NearestOutfits, nearest_outfits
from ..ceiling import Work
from ..effort import Effort
from ..latency import time_in_turns
from .registry import register_workload
from .served import ModelTraits, ServedModel
from .workload import Turn, Workload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model_work import ModelWork

__all__ = ["TopK", "Vectors", "bare_products", "exact", "lacking_vectors", "made_vectors"]

_BLOCK = 2048


@register_workload("top-k")
class TopK(Workload):
    """Find every user's best outfits among `Effort.vectors` ready outfit vectors, exactly.

    The vectors are made, as wide as the model's; only a model whose score is their inner product has any.
    NumPy does the work on the CPU, whatever the engine.

    - "top_k" (s): `Effort.best` outfits for each of the model's users.
    - "top_k_products" (s): the bare matrix products of all users and outfits, in the same turn. What they are
      of "top_k" is the share of the machine's rate at them.
    """

    units: ClassVar = {"top_k": "s", "top_k_products": "s"}
    effort = ("rounds", "vectors", "best")

    @classmethod
    def lacks(cls, traits: ModelTraits) -> str:
        """See `Workload.lacks`."""
        return lacking_vectors(traits)

    def work(self, model: ModelWork, effort: Effort) -> Mapping[str, Work]:
        """See `Workload.work`."""
        if model.vector_size is None:
            return {}
        users, outfits = model.num_users, effort.vectors
        products = 2 * users * outfits * model.vector_size
        read = Work(products, 4 * model.vector_size * (users + outfits))
        return {"top_k": read, "top_k_products": read}

    def turn(self, served: ServedModel, effort: Effort, folder: Path | None) -> Turn:
        """One search, and the bare products beside it."""
        made = made_vectors(served, effort)
        if served.first_time("top-k"):
            nearest_outfits(made.users, made.outfits[:_BLOCK], effort.best, threads=served.threads)
        seconds = time_in_turns(
            {
                "top_k": lambda: exact(made, effort, served),
                "top_k_products": lambda: bare_products(made.users, made.outfits, served.threads),
            },
            1,
        )
        return Turn(seconds)


class Vectors(NamedTuple):
    """Users (U, d) and outfits (N, d), float32, of unit length."""

    users: NDArray[np.float32]
    outfits: NDArray[np.float32]


def lacking_vectors(traits: ModelTraits) -> str:
    """What a model has not whose score is no inner product; see `Workload.lacks`."""
    return "" if traits.vector_size else "vectors of users and outfits whose inner product is the score"


def made_vectors(served: ServedModel, effort: Effort) -> Vectors:
    """Vectors of the model's width, the same every time: outfits lie about a thousand styles."""
    size = served.traits.vector_size
    assert size is not None, "`lacking_vectors`"
    generator = np.random.default_rng(0)
    styles = generator.standard_normal((1000, size), dtype=np.float32)
    outfits = generator.standard_normal((effort.vectors, size), dtype=np.float32)
    for first in range(0, len(outfits), _BLOCK):  # in place: a catalogue may fill half of the memory
        block = outfits[first : first + _BLOCK]
        block += styles[generator.integers(len(styles), size=len(block))]
        block /= np.linalg.norm(block, axis=1, keepdims=True)
    users = styles[generator.integers(len(styles), size=served.subject.num_users)]
    users = users + generator.standard_normal(users.shape, dtype=np.float32)
    return Vectors(users / np.linalg.norm(users, axis=1, keepdims=True), outfits)


def exact(made: Vectors, effort: Effort, served: ServedModel) -> NearestOutfits:
    """Every user's best outfits."""
    return nearest_outfits(made.users, made.outfits, effort.best, threads=served.threads)


def bare_products(users: NDArray[np.float32], outfits: NDArray[np.float32], threads: int) -> None:
    """All inner products of users and outfits, each block of them written over the one before."""
    columns = np.ascontiguousarray(users.T)
    unused = [np.empty((_BLOCK, len(users)), np.float32) for _ in range(threads)]

    def multiply(first: int) -> None:
        products = unused.pop()
        block = outfits[first : first + _BLOCK]
        np.matmul(block, columns, out=products[: len(block)])
        unused.append(products)

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        list(pool.map(multiply, range(0, len(outfits), _BLOCK)))
