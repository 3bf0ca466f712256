"""Ranking the candidates: each distinct item encoded once, every outfit scored, metrics per user."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..core.progress import tracked
from ..datasets import NO_ITEM, CandidateSet, Dataset, OutfitTable
from ..models import ModelError, OutfitModel
from .item_inputs import ItemInputs, as_float
from .user_rankings import Scoring, rank_users
from .user_scores import UserScores

__all__ = [
    "FeatureTable",
    "encode_items",
    "evaluate",
    "score_candidates",
    "score_outfits",
    "scoring_of",
]

ENCODE_BATCH = 256
SCORE_BATCH = 1024


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


@torch.inference_mode()
def encode_items(
    model: OutfitModel, inputs: ItemInputs, ids: NDArray[np.integer], num_items: int
) -> FeatureTable:
    """Encode items, each once.

    Args:
        model: In evaluation mode.
        inputs: The dataset's items.
        ids: Distinct global ids (n,).
        num_items: Items of the whole dataset.
    """
    device = next(model.parameters()).device
    parts = []
    chunks = [ids[start : start + ENCODE_BATCH] for start in range(0, len(ids), ENCODE_BATCH)]
    for chunk in tracked(chunks, "encoding items"):
        item_inputs, categories = inputs(chunk)
        parts.append(model.encode_items(as_float(item_inputs.to(device)), categories.to(device)))
    return FeatureTable(ids, torch.cat(parts), num_items)


@torch.inference_mode()
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
    device = table.features.device
    scores = []
    for start in range(0, len(outfits), SCORE_BATCH):
        part = outfits.take(slice(start, start + SCORE_BATCH))
        users = torch.from_numpy(part.users.astype(np.int64)).to(device)
        categories = torch.from_numpy(dataset.categories_of(part.items)).to(device)
        found = model.score_among(users, table.gather(part.items), categories, table.features).float()
        if found.shape != users.shape:
            raise ModelError(
                f"what the model's `score` gives: found scores of shape {tuple(found.shape)} for {len(part)} "
                f"outfits, expected ({len(part)},)"
            )
        scores.append(found)
    return torch.cat(scores)


def scoring_of(model: OutfitModel, dataset: Dataset, inputs: ItemInputs, candidates: CandidateSet) -> Scoring:
    """How a model scores the candidates, for whichever users; their distinct items are encoded here, once.

    Args:
        model: Put into evaluation mode here.
        dataset: Where the candidates' items are from.
        inputs: The dataset's items.
        candidates: What is ranked.
    """
    model.eval()
    table = encode_items(model, inputs, candidates.outfits.distinct_items, dataset.num_items)
    return lambda outfits: score_outfits(model, dataset, table, outfits).cpu().numpy()


def score_candidates(
    model: OutfitModel, dataset: Dataset, inputs: ItemInputs, candidates: CandidateSet
) -> NDArray[np.float32]:
    """Preference score of every candidate, float32 (M,); arguments as for `scoring_of`."""
    return scoring_of(model, dataset, inputs, candidates)(candidates.outfits).astype(np.float32, copy=False)


def evaluate(
    model: OutfitModel, dataset: Dataset, inputs: ItemInputs, candidates: CandidateSet
) -> UserScores:
    """Rank the candidates and measure the ranking per user; arguments as for `scoring_of`."""
    scores = score_candidates(model, dataset, inputs, candidates)
    return rank_users(scores, candidates, dataset.num_users)
