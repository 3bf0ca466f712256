"""Every user's ranking, measured; and measured again as if the user were another."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..datasets import CandidateSet, OutfitTable
from .metrics import rank_metrics
from .user_scores import ShuffledUsers, UserScores

__all__ = ["Scoring", "other_users", "rank_shuffled", "rank_users"]

Scoring = Callable[[OutfitTable], NDArray[np.number]]
"""Scores each outfit for its user, (M,)."""


def rank_users(scores: ArrayLike, candidates: CandidateSet, num_users: int) -> UserScores:
    """Measure each user's ranking.

    Args:
        scores: (M,), of the candidates.
        candidates: What is ranked.
        num_users: Users of the whole dataset.

    Raises:
        InputError: If a score is not a number.
    """
    ranked = rank_metrics(scores, candidates.labels, candidates.users)
    return UserScores(
        users=ranked.users.tolist(),
        auc=ranked.auc.tolist(),
        ndcg=ranked.ndcg.tolist(),
        ndcg_standard=ranked.ndcg_standard.tolist(),
        left_out=num_users - len(ranked.users),
    )


def rank_shuffled(
    score: Scoring, scores: NDArray[np.number], candidates: CandidateSet, num_users: int, seed: int
) -> ShuffledUsers | None:
    """Rank each user's candidates by another user's taste.

    Args:
        score: Who ranks.
        scores: (M,), what it gives the candidates for their own users.
        candidates: What is ranked.
        num_users: Users of the whole dataset.
        seed: Which user stands in for which; see `other_users`.

    Returns:
        What came of it, for the users as they are; None where there is but one.
    """
    if len(np.unique(candidates.users)) < 2:
        return None
    others = score(OutfitTable(other_users(candidates.users, seed), candidates.items))
    return ShuffledUsers(
        seed=seed,
        same_scores=bool(np.array_equal(scores, others)),
        test=rank_users(others, candidates, num_users),
    )


def other_users(users: NDArray[np.integer], seed: int) -> NDArray[np.int32]:
    """Another user in place of each, always the same one, and no two replaced by one.

    The users stand in a circle in an order that the seed draws, and each is replaced by the next.

    Args:
        users: (M,), of two users at least.
        seed: Of the order.

    Returns:
        int32 (M,).

    Example:
        >>> other_users(np.array([3, 3, 8]), seed=0)
        array([8, 8, 3], dtype=int32)
    """
    distinct, places = np.unique(users, return_inverse=True)
    circle = np.random.default_rng(seed).permutation(len(distinct))
    after = np.empty_like(circle)
    after[circle] = np.roll(circle, -1)
    return distinct[after[places]].astype(np.int32)
