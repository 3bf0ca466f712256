"""For each of many users the best of many outfits, written as a table, within a bound of memory.

Where a model's score is the product of a taste with an outfit's direction (`OutfitModel.has_tastes`), the
outfits' directions are computed once, into a file, and a product of matrices ranks them (`top_k`); for new
users, too, as a mean of known users' scores is the product with the mean of their tastes (Eqs. 20–24). Other
models score all pairs, block by block. Directions can also be searched by an index, which may miss some of
the best: how many it finds is then measured on some of the users.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..core.errors import Fault, InputError
from ..core.parquet import parquet_writer
from ..core.progress import tracked
from ..models import OutfitModel
from ..models.outfit_model import AVG, NO_USER, W_AVG
from ..models.vectors import unit
from .catalogue_features import CatalogueFeatures
from .catalogue_outfits import CatalogueOutfits
from .catalogue_users import KnownUsers, NewUsers
from .neighbourhoods import average_weights, neighbours, weighted_average_weights
from .outfit_index import OutfitIndex, recall
from .top_k import BestOutfits, TopK, top_k

__all__ = ["CatalogueRanking", "Ranked", "check_ranks_catalogues", "check_searches_by_index"]

_EMBEDDED_AT_ONCE = 1024
_USERS_AT_ONCE = 1024
_COMPARED = 32
"""Of each `_USERS_AT_ONCE`, for so many, spread evenly, an index is held against the exact best."""

_Score = Callable[[Tensor, Tensor], Tensor]
"""From features (B, K, D) and categories (B, K) to scores (U, B)."""


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
        model: In evaluation mode, on its device; checked by `check_ranks_catalogues`.
        features: Of the items; held in memory.
        outfits: What is ranked.
        memory: Bytes for what grows with users and outfits; 1 MiB or more.
        strategy: How new users are scored, one of the model's `cold_strategies`.
        index: "exact", or "faiss", for a model checked by `check_searches_by_index`.

    Raises:
        InputError: If the index would need more than `memory`.
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
    ) -> None:
        self._model, self._outfits, self._memory, self._strategy = model, outfits, memory, strategy
        self._by_index = index == "faiss"
        self._recalls: list[tuple[float, int]] = []
        self._device = next(model.parameters()).device
        self._vectors = torch.from_numpy(features.vectors)
        self._categories = torch.from_numpy(features.categories)

    @torch.inference_mode()
    def write(self, users: KnownUsers | NewUsers, k: int, out: Path) -> Ranked:
        """Write each user's best outfits: the columns user, rank (from 1), outfit and score.

        Args:
            users: For whom.
            k: How many of each.
            out: A Parquet file, written whole or not at all.

        Raises:
            InputError: If a score is not a number, the disk is full, or an index would need more than
                `memory`.
        """
        import pyarrow

        kind = pyarrow.int64() if isinstance(users, KnownUsers) else pyarrow.string()
        count, rows = len(users.names), 0
        out.parent.mkdir(parents=True, exist_ok=True)
        with (
            TemporaryDirectory(dir=out.parent, prefix=".recommend-") as scratch,
            parquet_writer(out) as write,
        ):
            rank = self._ranks_by_tastes(Path(scratch)) if self._model.has_tastes else self._ranks_by_scores()
            for first in tracked(range(0, count, _USERS_AT_ONCE), "ranking the catalogue for users"):
                part = slice(first, min(first + _USERS_AT_ONCE, count))
                best = rank(_some(users, part), k)
                write(
                    user=pyarrow.array(np.repeat(users.names[part], best.outfits.shape[1]), kind),
                    rank=pyarrow.array(np.tile(np.arange(1, best.outfits.shape[1] + 1), part.stop - first)),
                    outfit=self._outfits.names(best.outfits.flatten().numpy()),
                    score=pyarrow.array(best.scores.flatten().numpy()),
                )
                rows += best.outfits.numel()
        if not self._recalls:
            return Ranked(rows)
        shares, counts = zip(*self._recalls, strict=True)
        return Ranked(rows, float(np.average(shares, weights=counts)), sum(counts))

    def _ranks_by_tastes(self, scratch: Path) -> Callable[[KnownUsers | NewUsers, int], BestOutfits]:
        width = self._model.embed_outfits(*self._worn(self._outfits.items[:1])).shape[1]
        shape = (len(self._outfits), width)
        directions = np.lib.format.open_memmap(scratch / "directions.npy", "w+", np.float32, shape)
        for first in tracked(self._outfits.starts(_EMBEDDED_AT_ONCE), "embedding outfits"):
            block = slice(first, first + _EMBEDDED_AT_ONCE)
            vectors = self._model.embed_outfits(*self._worn(self._outfits.items[block]))
            directions[block] = unit(vectors).cpu().numpy()

        def rank(users: KnownUsers | NewUsers, k: int) -> BestOutfits:
            return top_k(self._tastes(users).float(), directions, k, memory=self._memory)

        if not self._by_index:
            return rank
        index = self._index_of(directions)

        def rank_by_index(users: KnownUsers | NewUsers, k: int) -> BestOutfits:
            tastes = self._tastes(users).float()
            found = index.search(tastes.cpu().numpy(), k)
            some = slice(None, None, -(-len(tastes) // _COMPARED))
            best = top_k(tastes[some], directions, k, memory=self._memory).outfits.numpy()
            self._recalls.append((recall(found.outfits[some], best), len(best)))
            return BestOutfits(torch.from_numpy(found.outfits), torch.from_numpy(found.scores))

        return rank_by_index

    def _index_of(self, directions: NDArray[np.float32]) -> OutfitIndex:
        needed = OutfitIndex.bytes_of(*directions.shape)
        if needed > self._memory:
            found = f"{self._memory >> 20} MiB"
            expected = f"{-(-needed >> 20)} for an index of {len(directions):,} outfits"
            raise InputError(Fault("argument --memory", found, expected, "or rank exactly, by --index exact"))
        return OutfitIndex(directions, threads=torch.get_num_threads())

    def _ranks_by_scores(self) -> Callable[[KnownUsers | NewUsers, int], BestOutfits]:
        def rank(users: KnownUsers | NewUsers, k: int) -> BestOutfits:
            score, asked = self._scores_of(users)
            slots, width = self._outfits.items.shape[1], self._vectors.shape[1]
            of_pair = 64 * slots if self._shares_outfits else 16 * slots * width
            at_once = max(1, min(_EMBEDDED_AT_ONCE, self._memory // (asked * of_pair)))
            best = TopK(len(users.names), k, self._device)
            for first in self._outfits.starts(at_once):
                worn = self._worn(self._outfits.items[first : first + at_once])
                best.add(score(*worn).float(), first)
            return best.result()

        return rank

    @property
    def _shares_outfits(self) -> bool:
        """Whether a matrix of scores takes an outfit apart once for all users."""
        return type(self._model).score_matrix is not OutfitModel.score_matrix

    def _tastes(self, users: KnownUsers | NewUsers) -> Tensor:
        """Float (U, d)."""
        if isinstance(users, KnownUsers):
            return self._model.tastes(torch.from_numpy(users.numbers).to(self._device))
        if self._strategy in (AVG, W_AVG):
            return self._weights(users) @ self._model.tastes(self._everyone)
        starts = np.cumsum(users.counts) - users.counts
        order, tastes = np.argsort(users.counts, kind="stable"), []
        for count in np.unique(users.counts):  # those of whom as many outfits are known, at once
            known = starts[users.counts == count, None] + np.arange(count)
            tastes.append(self._model.cold_tastes(*self._worn(users.items[known])))
        return torch.cat(tastes)[np.argsort(order)]

    def _scores_of(self, users: KnownUsers | NewUsers) -> tuple[_Score, int]:
        """How users are scored, and for how many the model is asked."""
        model = self._model
        if isinstance(users, KnownUsers):
            who = torch.from_numpy(users.numbers).to(self._device)
            return lambda f, c: model.score_matrix(who, f, c), len(who)
        if self._strategy == NO_USER:
            anyone = torch.zeros(1, dtype=torch.int64, device=self._device)
            return lambda f, c: model.score_matrix(anyone, f, c).expand(len(users.names), -1), 1
        weights, everyone = self._weights(users), self._everyone
        return lambda f, c: weights @ model.score_matrix(everyone, f, c).float(), len(everyone)

    def _weights(self, users: NewUsers) -> Tensor:
        """What each known user counts for each new one, float32 (P, U) (Eqs. 20, 21 and 23)."""
        everyone = self._everyone
        parts = []
        for first in range(0, len(users.items), _EMBEDDED_AT_ONCE // 4):
            worn = self._worn(users.items[first : first + _EMBEDDED_AT_ONCE // 4])
            parts.append(self._model.score_matrix(everyone, *worn).double().cpu().numpy())
        starts = np.cumsum(users.counts) - users.counts
        similarity = (np.add.reduceat(np.concatenate(parts, 1), starts, axis=1) / users.counts).T
        near = neighbours(similarity)
        weights = (
            average_weights(near) if self._strategy == AVG else weighted_average_weights(similarity, near)
        )
        return torch.from_numpy(weights).float().to(self._device)

    @property
    def _everyone(self) -> Tensor:
        return torch.arange(self._model.num_users, device=self._device)

    def _worn(self, items: NDArray[np.integer]) -> tuple[Tensor, Tensor]:
        """Features (…, K, D) and categories (…, K) of outfits by the rows of their items."""
        rows = torch.from_numpy(items.astype(np.int64))
        there = rows.clamp(min=0)  # whatever stands in an empty slot is ignored
        categories = self._categories[there].masked_fill(rows < 0, -1)
        return self._vectors[there].to(self._device), categories.to(self._device)


def _some(users: KnownUsers | NewUsers, part: slice) -> KnownUsers | NewUsers:
    if isinstance(users, KnownUsers):
        return KnownUsers(users.numbers[part])
    ends = np.cumsum(users.counts)
    known = slice(ends[part.start] - users.counts[part.start], ends[part.stop - 1])
    return NewUsers(users.names[part], users.items[known], users.counts[part])
