"""For each of many users the best of many outfits, written as a table, within a bound of memory.

They are ranked here (`OutfitRanking`) or on a Ray cluster (`rank_on_ray`). Where a model has directions of
outfits, these can also be searched by an index, which may miss some of the best: how many it finds is then
measured on some of the users.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch

from ..core.errors import Fault, InputError
from ..core.parquet import parquet_writer
from ..core.progress import tracked
from ..core.ray_cluster import RayCluster
from ..core.scratch import scratch_folder
from ..datasets.user_names import UserNames
from ..models import OutfitModel
from .catalogue_features import CatalogueFeatures
from .catalogue_outfits import CatalogueOutfits
from .catalogue_users import KnownUsers, NewUsers, blocks_of
from .outfit_index import OutfitIndex, recall
from .outfit_ranking import OutfitRanking
from .rank_on_ray import rank_on_ray
from .side_by_side import each_on_a_thread, threads_for
from .top_k import BestOutfits, top_k

__all__ = ["CatalogueRanking", "Ranked", "check_ranks_catalogues", "check_searches_by_index"]

_COMPARED = 32
"""Of each block of users, for so many, spread evenly, an index is held against the exact best."""


def check_ranks_catalogues(model: OutfitModel, name: str) -> None:
    """Refuse a model whose scores hang on what else is ranked.

    Raises:
        InputError: If it has an item bank.
    """
    if model.has_item_bank:
        found = "scores among all items of the catalogue, each outfit anew for each bank"
        fix = "rank a candidate set with it, by `outfitbench run`"
        raise InputError(Fault(f"method {name}", found, "a method that scores an outfit by itself", fix))


def check_searches_by_index(model: OutfitModel, name: str) -> None:
    """Refuse a model in whose scores there is nothing to search by.

    Raises:
        InputError: If its score is no product of a taste and an outfit's direction.
    """
    if not model.has_tastes:
        found = f"an index for {name}, which scores each user and outfit anew"
        expected = "a method whose score is a product of two vectors"
        raise InputError(Fault("argument --index", found, expected, "rank exactly, by --index exact"))


class Ranked(NamedTuple):
    """What a ranking wrote.

    Attributes:
        rows: How many.
        recall: Of an index, which share of the exact best it found, for the users that were compared.
        compared: How many these are.
    """

    rows: int
    recall: float | None = None
    compared: int = 0


class CatalogueRanking:
    """Ranks outfits for users.

    Args:
        model: In evaluation mode, on its device (of a cluster: on the CPU); checked by
            `check_ranks_catalogues`.
        features: Of the items.
        outfits: What is ranked.
        memory: Bytes for what grows with users, outfits and items; 1 MiB or more.
        strategy: How new users are scored, one of the model's `cold_strategies`.
        index: "exact", or "faiss", for a model checked by `check_searches_by_index` and without a cluster.
        cluster: Whose machines rank; this process if None.
    """

    def __init__(
        self,
        model: OutfitModel,
        features: CatalogueFeatures,
        outfits: CatalogueOutfits,
        *,
        memory: int,
        strategy: str,
        index: Literal["exact", "faiss"] = "exact",
        cluster: RayCluster | None = None,
    ) -> None:
        self._model, self._features, self._outfits = model, features, outfits
        self._memory, self._strategy = memory, strategy
        self._by_index, self._cluster = index == "faiss", cluster
        self._recalls: list[tuple[float, int]] = []

    @torch.inference_mode()
    def write(
        self, users: KnownUsers | NewUsers, k: int, out: Path, called: UserNames | None = None
    ) -> Ranked:
        """Write each user's best outfits: the columns user, rank (from 1), outfit and score.

        Args:
            users: For whom.
            k: How many of each.
            out: A Parquet file, written whole or not at all.
            called: What all known users are called, for a column name after that of their numbers.

        Raises:
            InputError: If a score is not a number, the disk is full, an index would need more than `memory`,
                or a machine of the cluster cannot do its part.
        """
        import pyarrow

        kind = pyarrow.int64() if isinstance(users, KnownUsers) else pyarrow.string()
        rows = 0
        out.parent.mkdir(parents=True, exist_ok=True)
        with (
            scratch_folder(out.parent) as scratch,
            parquet_writer(out) as write,
        ):
            for part, best in self._ranked(users, k, scratch):
                width = best.outfits.shape[1]
                named = {}
                if called is not None and isinstance(users, KnownUsers):
                    names = pyarrow.array(called.of_numbers(users.numbers[part]), pyarrow.string())
                    named["name"] = names.take(pyarrow.array(np.repeat(np.arange(len(names)), width)))
                write(
                    user=pyarrow.array(np.repeat(users.names[part], width), kind),
                    **named,
                    rank=pyarrow.array(np.tile(np.arange(1, width + 1), part.stop - part.start)),
                    outfit=self._outfits.names(best.outfits.flatten().numpy()),
                    score=pyarrow.array(best.scores.flatten().numpy()),
                )
                rows += best.outfits.numel()
        if not self._recalls:
            return Ranked(rows)
        shares, counts = zip(*self._recalls, strict=True)
        return Ranked(rows, float(np.average(shares, weights=counts)), sum(counts))

    def _ranked(
        self, users: KnownUsers | NewUsers, k: int, scratch: Path
    ) -> Iterator[tuple[slice, BestOutfits]]:
        """The best of some users after the other."""
        items = self._features.vectors, self._features.categories
        if self._cluster is not None:
            options = {"memory": self._memory, "strategy": self._strategy}
            yield from rank_on_ray(
                self._cluster, self._model, items, self._outfits.items, users, k, **options
            )
            return
        parts, label = blocks_of(users), "ranking the catalogue for users"
        threads = 1 if self._by_index else threads_for(len(parts), next(self._model.parameters()).device)
        ranking = OutfitRanking(
            self._model,
            [items],
            self._outfits.items,
            memory=self._memory // threads,
            strategy=self._strategy,
            scratch=scratch,
        )
        if self._by_index:
            index = self._index_of(ranking)
            for part in tracked(parts, label):
                yield part, self._found(index, ranking, users.part(part), k)
            return
        ranking.prepare()
        found = each_on_a_thread(lambda n: ranking.best(users.part(parts[n]), k), len(parts), label, threads)
        yield from zip(parts, found, strict=True)

    def _index_of(self, ranking: OutfitRanking) -> OutfitIndex:
        directions = ranking.directions
        needed = OutfitIndex.bytes_of(*directions.shape)
        if needed > self._memory:
            found = f"{self._memory >> 20} MiB"
            expected = f"{-(-needed >> 20)} for an index of {len(directions):,} outfits"
            raise InputError(Fault("argument --memory", found, expected, "or rank exactly, by --index exact"))
        return OutfitIndex(directions, threads=torch.get_num_threads())

    def _found(
        self, index: OutfitIndex, ranking: OutfitRanking, users: KnownUsers | NewUsers, k: int
    ) -> BestOutfits:
        """What an index finds, held against the exact best for some of the users."""
        tastes = ranking.tastes(users).float()
        found = index.search(tastes.cpu().numpy(), k)
        some = slice(None, None, -(-len(tastes) // _COMPARED))
        best = top_k(tastes[some], ranking.directions, k, memory=self._memory).outfits.numpy()
        self._recalls.append((recall(found.outfits[some], best), len(best)))
        return BestOutfits(torch.from_numpy(found.outfits), torch.from_numpy(found.scores))
