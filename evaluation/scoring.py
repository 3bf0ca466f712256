"""Ranking the candidates: each distinct item encoded once, every outfit scored, metrics per user."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..datasets import NO_ITEM, CandidateSet, Dataset, OutfitTable
from ..models import OutfitModel
from ..models.outfit_model import check_scores
from .item_inputs import ItemInputs, as_float
from .side_by_side import SCORE_BATCH, side_by_side
from .user_rankings import Scoring, rank_users
from .user_scores import UserScores

__all__ = [
    "FeatureTable",
    "encode_items",
    "evaluate",
    "score_candidates",
    "score_for_users",
    "score_outfits",
    "score_rows",
    "scoring_of",
]

ENCODE_BATCH = 128

_UNKNOWN = -1


class FeatureTable:
    """Features of some items, looked up by global id.

    Attributes:
        features: Float (n, D), on the model's device.
    """

    def __init__(self, ids: NDArray[np.integer], features: Tensor, num_items: int) -> None:
        self.features = features
        self._row = np.full(num_items + 1, _UNKNOWN, dtype=np.int64)
        self._row[ids] = np.arange(len(ids))
        self._row[NO_ITEM] = 0  # any row will do: nobody looks at an empty slot

    def gather(self, items: NDArray[np.integer]) -> Tensor:
        """Features of outfits (N, K) as float (N, K, D); what stands in empty slots has no meaning.

        Raises:
            KeyError: For an item that the table does not hold.
        """
        found = self._row[items]
        if found.min(initial=0) == _UNKNOWN:
            raise KeyError(f"item {items[found == _UNKNOWN][0]} is not in this table of features")
        rows = torch.from_numpy(found).to(self.features.device)
        return functional.embedding(rows, self.features)


def encode_items(
    model: OutfitModel, inputs: ItemInputs, ids: NDArray[np.integer], num_items: int
) -> FeatureTable:
    """Encode items, each once.

    Args:
        model: In evaluation mode.
        inputs: The dataset's items.
        ids: Distinct global ids (n,); of none, the table is empty.
        num_items: Items of the whole dataset.
    """
    device = next(model.parameters()).device

    def encode(part: slice) -> Tensor:
        item_inputs, categories = inputs(ids[part])
        return model.encode_items(as_float(item_inputs.to(device)), categories.to(device))

    parts = side_by_side(encode, len(ids), ENCODE_BATCH, device, "encoding items")
    features = torch.cat(parts) if parts else torch.empty(0, model.feature_size, device=device)
    return FeatureTable(ids, features, num_items)


def score_outfits(model: OutfitModel, dataset: Dataset, table: FeatureTable, outfits: OutfitTable) -> Tensor:
    """Preference score of each outfit for its user.

    Args:
        model: In evaluation mode.
        dataset: Where the outfits' items are from.
        table: Features of at least the outfits' items; all of it is the bank of a model that has one.
        outfits: M outfits with users.

    Returns:
        float32 (M,), on the model's device.

    Raises:
        ModelError: If the model does not give one score for each outfit.
    """
    return score_for_users(model, dataset, table, outfits.users[None], outfits.items)[0]


def score_for_users(
    model: OutfitModel,
    dataset: Dataset,
    table: FeatureTable,
    users: NDArray[np.integer],
    items: NDArray[np.integer],
) -> Tensor:
    """Preference scores of several users for each outfit.

    Args:
        model: In evaluation mode.
        dataset: Where the outfits' items are from.
        table: As for `score_outfits`.
        users: (V, M): V users for each outfit.
        items: (M, K), the outfits.

    Returns:
        float32 (V, M), on the model's device.

    Raises:
        ModelError: If the model does not give one score for each outfit.
    """
    device = table.features.device

    def score(part: slice) -> Tensor:
        worn = items[part]
        who = torch.from_numpy(users[:, part].astype(np.int64)).to(device)
        categories = torch.from_numpy(dataset.categories_of(worn)).to(device)
        found = model.score_users(who, table.gather(worn), categories, table.features)
        return check_scores(model, found, *who.shape).float()

    scores = side_by_side(score, len(items), SCORE_BATCH, device, "scoring outfits")
    return torch.cat(scores, 1) if scores else torch.empty(users.shape, device=device)


def score_rows(
    score: Callable[[Tensor, Tensor], Tensor],
    dataset: Dataset,
    table: FeatureTable,
    items: NDArray[np.integer],
) -> NDArray[np.float32]:
    """Scores of every outfit for all of several users at once.

    Args:
        score: From features (B, K, D) and categories (B, K) to scores (V, B), of a model in evaluation mode.
        dataset: Where the outfits' items are from.
        table: Features of at least the outfits' items.
        items: (M, K), one outfit or more.

    Returns:
        float32 (V, M).
    """
    device = table.features.device

    def of_slice(part: slice) -> Tensor:
        categories = torch.from_numpy(dataset.categories_of(items[part])).to(device)
        return score(table.gather(items[part]), categories).float()

    scores = side_by_side(of_slice, len(items), SCORE_BATCH, device, "scoring outfits")
    return torch.cat(scores, 1).cpu().numpy()


def scoring_of(model: OutfitModel, dataset: Dataset, inputs: ItemInputs, candidates: CandidateSet) -> Scoring:
    """How a model scores the candidates for whichever users; their distinct items are encoded here, once.

    Args:
        model: Put into evaluation mode here.
        dataset: Where the candidates' items are from.
        inputs: The dataset's items.
        candidates: What is ranked.
    """
    model.eval()
    table = encode_items(model, inputs, candidates.outfits.distinct_items, dataset.num_items)
    items = candidates.items
    return lambda users: score_for_users(model, dataset, table, users, items).cpu().numpy()


def score_candidates(
    model: OutfitModel, dataset: Dataset, inputs: ItemInputs, candidates: CandidateSet
) -> NDArray[np.number]:
    """Preference score of every candidate, float32 (M,); arguments as for `scoring_of`."""
    return scoring_of(model, dataset, inputs, candidates)(candidates.users[None])[0]


def evaluate(
    model: OutfitModel, dataset: Dataset, inputs: ItemInputs, candidates: CandidateSet
) -> UserScores:
    """Rank the candidates and measure the ranking per user; arguments as for `scoring_of`."""
    scores = score_candidates(model, dataset, inputs, candidates)
    return rank_users(scores, candidates, dataset.num_users)
