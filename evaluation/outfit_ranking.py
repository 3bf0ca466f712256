"""The best of some outfits for some users, by a model, within a bound of memory.

Where a model's score is the product of a taste with an outfit's direction (`OutfitModel.has_tastes`), the
outfits' directions are computed once, into a file, and a product of matrices ranks them (`top_k`); for new
users, too, as a mean of known users' scores is the product with the mean of their tastes (Eqs. 20–24). Other
models score all pairs, block by block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..core.mapped import let_go
from ..core.progress import tracked
from ..models import OutfitModel
from ..models.outfit_model import AVG, NO_USER, W_AVG
from ..models.vectors import unit
from .catalogue_items import CatalogueItems, ItemBlock
from .catalogue_users import KnownUsers, NewUsers
from .neighbourhoods import average_weights, neighbours, weighted_average_weights
from .top_k import BestOutfits, TopK, top_k

__all__ = ["OutfitRanking"]

_EMBEDDED_AT_ONCE = 1024

_OF_ITEMS = 4
"""Where a quarter of the memory holds the items' features, they are read into it."""

_BYTES_A_LIKING = 48
"""Of one known user for one known outfit of a new one, with what is made of it on the way to a weight."""

_Score = Callable[[Tensor, Tensor], Tensor]
"""From features (B, K, D) and categories (B, K) to scores (U, B)."""


class OutfitRanking:
    """Ranks outfits for users.

    Args:
        model: In evaluation mode, on its device; checked by `check_ranks_catalogues`.
        items: Their features and categories, block after block.
        outfits: int32 (M, K), rows of these, −1 in empty slots; may be mapped into memory.
        memory: Bytes for what grows with users, outfits and items; 1 MiB or more.
        strategy: How new users are scored, one of the model's `cold_strategies`.
        scratch: Folder for a file that is of use as long as this is.
    """

    def __init__(
        self,
        model: OutfitModel,
        items: Sequence[ItemBlock],
        outfits: NDArray[np.int32],
        *,
        memory: int,
        strategy: str,
        scratch: Path,
    ) -> None:
        for_items = memory // _OF_ITEMS
        self._model, self._outfits, self._strategy = model, outfits, strategy
        self._memory = memory - for_items
        self._device = next(model.parameters()).device
        self._items = CatalogueItems(items, memory=for_items)
        self._scratch = scratch

    def prepare(self) -> None:
        """Do what all users share; to be called before several threads rank at once."""
        if self._model.has_tastes:
            _ = self.directions

    @torch.inference_mode()
    def best(self, users: KnownUsers | NewUsers, k: int) -> BestOutfits:
        """The best outfits of each user, by their rows here.

        Args:
            users: A thousand or so.
            k: How many of each.

        Raises:
            InputError: If a score is not a number, or the disk is full.
        """
        if self._model.has_tastes:
            return top_k(self.tastes(users).float(), self.directions, k, memory=self._memory)
        parts = [self._best_by_scores(users.part(part), k) for part in self._weighed_at_once(users)]
        outfits, scores = ([getattr(part, name) for part in parts] for name in ("outfits", "scores"))
        return BestOutfits(torch.cat(outfits), torch.cat(scores))

    def _best_by_scores(self, users: KnownUsers | NewUsers, k: int) -> BestOutfits:
        """The same by scores of all pairs."""
        score, asked = self._scores_of(users)
        slots, width = self._outfits.shape[1], self._items.feature_size
        of_pair = 64 * slots if self._shares_outfits else 16 * slots * width
        at_once = max(1, min(_EMBEDDED_AT_ONCE, self._memory // (asked * of_pair)))
        best = TopK(len(users.names), k, self._device)
        for first in range(0, len(self._outfits), at_once):
            worn = self._worn(self._outfits[first : first + at_once])
            best.add(score(*worn).float(), first)
            let_go(self._outfits)
        return best.result()

    @cached_property
    def directions(self) -> NDArray[np.float32]:
        """The outfits' directions (M, d), for a model that has tastes; a file that is mapped into memory."""
        width = self._model.embed_outfits(*self._worn(self._outfits[:1])).shape[1]
        shape = (len(self._outfits), width)
        made = np.lib.format.open_memmap(self._scratch / "directions.npy", "w+", np.float32, shape)
        starts = range(0, len(self._outfits), _EMBEDDED_AT_ONCE)
        for first in tracked(starts, "embedding outfits"):
            block = slice(first, first + _EMBEDDED_AT_ONCE)
            made[block] = unit(self._model.embed_outfits(*self._worn(self._outfits[block]))).cpu().numpy()
            let_go(made)
            let_go(self._outfits)
        return made

    @property
    def _shares_outfits(self) -> bool:
        """Whether a matrix of scores takes an outfit apart once for all users."""
        return type(self._model).score_matrix is not OutfitModel.score_matrix

    def tastes(self, users: KnownUsers | NewUsers) -> Tensor:
        """Users' tastes, float (U, d), for a model that has them."""
        if isinstance(users, KnownUsers):
            return self._model.tastes(torch.from_numpy(users.numbers).to(self._device))
        if self._strategy in (AVG, W_AVG):
            everyone = self._model.tastes(self._everyone)
            parts = self._weighed_at_once(users)
            return torch.cat([self._weights(users.part(part)) @ everyone for part in parts])
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

    def _weighed_at_once(self, users: KnownUsers | NewUsers) -> list[slice]:
        """Users in parts, each as many as can be held against all known users within the bound."""
        if isinstance(users, KnownUsers) or self._strategy not in (AVG, W_AVG):
            return [slice(0, len(users.names))]
        outfits = max(1, self._memory // (_BYTES_A_LIKING * self._model.num_users))
        ends = np.cumsum(users.counts)
        parts, first = [], 0
        while first < len(ends):
            before = ends[first - 1] if first else 0
            last = max(first + 1, int(np.searchsorted(ends, before + outfits, side="right")))
            parts.append(slice(first, last))
            first = last
        return parts

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
        rows = items.astype(np.int64)
        features, categories = self._items.take(rows.clip(min=0).reshape(-1))  # an empty slot's are ignored
        shape, worn = rows.shape, np.where(rows < 0, -1, categories.reshape(rows.shape))
        vectors = torch.from_numpy(features.reshape(*shape, -1))
        return vectors.to(self._device), torch.from_numpy(worn).to(self._device)
