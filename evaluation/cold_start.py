"""Cold start: ranking for users on whom nothing was trained, from a few outfits that are known of them.

Kim et al., Sec. 3.5. A cold user c is as similar to a known user i as i likes the outfits that are known of c
(Eq. 20). Known users above a similarity δ, and always the most similar one, are c's neighbours (Eq. 21); c's
score of an outfit is the mean of theirs, *avg* (Eq. 22), or that mean weighted by similarity, *w-avg*
(Eqs. 23 and 24). A model may have a way of its own, or know no users at all (`OutfitModel.cold_strategies`).
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray

from ..datasets import CandidateSet, Dataset
from ..datasets.cold_histories import ColdHistories
from ..models.outfit_model import AVG, NO_USER, W_AVG, OutfitModel
from .item_inputs import ItemInputs
from .neighbourhoods import (
    TEMPERATURE,
    THRESHOLD,
    average_weights,
    neighbours,
    similarities,
    weighted_average_weights,
)
from .scoring import FeatureTable, encode_items, score_candidates, score_rows
from .user_rankings import rank_users
from .user_scores import Metric, UserScores

__all__ = [
    "TEMPERATURE",
    "THRESHOLD",
    "ColdRanking",
    "ColdScores",
    "Neighbourhoods",
    "average_weights",
    "cold_user_scores",
    "neighbours",
    "rank_cold_users",
    "similarities",
    "strategy_options",
    "weighted_average_weights",
]


def strategy_options(strategy: str) -> dict[str, float]:
    """The numbers that a strategy goes by.

    Example:
        >>> strategy_options("w-avg"), strategy_options("no-user")
        ({'threshold': 0.0, 'temperature': 0.2}, {})
    """
    options = {AVG: {"threshold": THRESHOLD}, W_AVG: {"threshold": THRESHOLD, "temperature": TEMPERATURE}}
    return options.get(strategy, {})


@dataclass(frozen=True)
class Neighbourhoods:
    """What the neighbourhoods of all draws and users are like.

    Attributes:
        mean_size: Known users in one, on average.
        alone: How many hold nobody above δ, and so the most similar known user alone.
    """

    mean_size: float
    alone: int


@dataclass(frozen=True, eq=False)
class ColdScores:
    """Scores of candidates for cold users.

    Attributes:
        scores: (R, M), of each draw of what is known.
        neighbourhoods: Whose scores they were made of; None for a strategy that asks no known user.
    """

    scores: NDArray[np.number]
    neighbourhoods: Neighbourhoods | None


@torch.inference_mode()
def cold_user_scores(
    model: OutfitModel,
    dataset: Dataset,
    inputs: ItemInputs,
    histories: ColdHistories,
    candidates: CandidateSet,
    strategy: str,
) -> ColdScores:
    """How a model scores candidates for users on whom it was not trained; each item is encoded once.

    Args:
        model: Put into evaluation mode here.
        dataset: That of the cold users.
        inputs: Its items.
        histories: What is known of the users.
        candidates: What is ranked, for those users only.
        strategy: One of the model's `cold_strategies`.
    """
    model.eval()
    if strategy == NO_USER:
        anyone = CandidateSet(np.zeros_like(candidates.users), candidates.items, candidates.labels)
        scores = score_candidates(model, dataset, inputs, anyone)
        return ColdScores(np.broadcast_to(scores, (len(histories.items), len(scores))), None)
    seen = np.union1d(histories.items[histories.items >= 0], candidates.outfits.distinct_items)
    table = encode_items(model, inputs, seen, dataset.num_items)
    if strategy in (AVG, W_AVG):
        return _by_neighbours(model, dataset, table, histories, candidates, strategy)
    draws, users, known, slots = histories.items.shape
    worn = histories.items.reshape(-1, slots)
    categories = torch.from_numpy(dataset.categories_of(worn)).to(table.features.device)
    of_each = (draws * users, known)
    tastes = model.cold_tastes(table.gather(worn).unflatten(0, of_each), categories.unflatten(0, of_each))
    scores = score_rows(lambda f, c: model.score_tastes(tastes, f, c), dataset, table, candidates.items)
    own = np.searchsorted(histories.users, candidates.users)
    return ColdScores(scores.reshape(draws, users, -1)[:, own, np.arange(len(own))], None)


def _by_neighbours(
    model: OutfitModel,
    dataset: Dataset,
    table: FeatureTable,
    histories: ColdHistories,
    candidates: CandidateSet,
    strategy: str,
) -> ColdScores:
    """The scores of known users for the candidates, weighted for each cold user (Eqs. 20–24)."""
    draws, users, known, slots = histories.items.shape
    everyone = torch.arange(model.num_users, device=table.features.device)

    def of_everyone(items: NDArray[np.integer]) -> NDArray[np.float32]:
        bank = table.features
        return score_rows(lambda f, c: model.score_matrix_among(everyone, f, c, bank), dataset, table, items)

    liked = of_everyone(histories.items.reshape(-1, slots))
    similarity = similarities(liked.reshape(-1, draws * users, known))
    near = neighbours(similarity)
    weights = average_weights(near) if strategy == AVG else weighted_average_weights(similarity, near)
    of_draw = weights.reshape(draws, users, -1)
    ranked = of_everyone(candidates.items)
    scores = np.empty((draws, len(candidates)))
    for place, user in enumerate(histories.users):
        own = np.flatnonzero(candidates.users == user)
        # Not `@`: the bits of its sums hang on the number of cores.
        scores[:, own] = np.einsum("ru,um->rm", of_draw[:, place], ranked[:, own])
    alone = int((similarity.max(-1) <= THRESHOLD).sum())
    return ColdScores(scores, Neighbourhoods(float(near.sum(-1).mean()), alone))


@dataclass(frozen=True, eq=False)
class ColdRanking:
    """What came of ranking for cold users.

    Attributes:
        test: Per-user metrics, each the mean over the draws.
        spread: By metric, the standard deviation over the draws of the mean over users.
    """

    test: UserScores
    spread: dict[Metric, float]


def rank_cold_users(scores: NDArray[np.number], candidates: CandidateSet, num_users: int) -> ColdRanking:
    """Measure each user's ranking in every draw.

    Args:
        scores: (R, M), of the candidates, with two draws or more.
        candidates: What is ranked, for one user or more.
        num_users: Users of the whole dataset.

    Raises:
        InputError: If a score is not a number.
    """
    draws = [rank_users(of_draw, candidates, num_users) for of_draw in scores]
    metrics: tuple[Metric, ...] = get_args(Metric)
    by_metric: dict[Metric, NDArray[np.float64]] = {
        metric: np.array([getattr(draw, metric) for draw in draws]) for metric in metrics
    }
    test = UserScores(
        users=draws[0].users,
        left_out=draws[0].left_out,
        **{metric: values.mean(0).tolist() for metric, values in by_metric.items()},
    )
    spread: dict[Metric, float] = {
        metric: statistics.stdev(map(statistics.fmean, of_each)) for metric, of_each in by_metric.items()
    }
    return ColdRanking(test, spread)
