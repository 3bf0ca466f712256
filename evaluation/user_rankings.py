"""Every user's ranking, measured; and measured again as if the user were another."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..datasets import CandidateSet
from .metrics import rank_metrics
from .user_scores import ShuffledUsers, UserScores

__all__ = ["Scoring", "other_users", "rank_as_others_too", "rank_users"]

Scoring = Callable[[NDArray[np.integer]], NDArray[np.number]]
"""Scores the candidates for the users, (V, M), that are put in place of their own: (V, M).

All at once, because most of a score does not depend on the user.
"""


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


def rank_as_others_too(
    score: Scoring, candidates: CandidateSet, num_users: int, seed: int
) -> tuple[UserScores, ShuffledUsers | None]:
    """Rank each user's candidates by their own taste, and by another user's.

    Args:
        score: Who ranks.
        candidates: What is ranked.
        num_users: Users of the whole dataset.
        seed: Which user stands in for which; see `other_users`.

    Returns:
        What came of the one, and of the other for the users as they are; None where there is but one user.
    """
    users = candidates.users
    if len(np.unique(users)) < 2:
        return rank_users(score(users[None])[0], candidates, num_users), None
    own, others = score(np.stack([users, other_users(users, seed)]))
    return rank_users(own, candidates, num_users), ShuffledUsers(
        seed=seed,
        same_scores=bool(np.array_equal(own, others)),
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
