"""All rank metrics from one sort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .auc import auc
from .ndcg import ndcg
from .ranking import rank

__all__ = ["RankMetrics", "rank_metrics"]


@dataclass(frozen=True, eq=False)
class RankMetrics:
    """Aligned arrays (U,), one entry for each user with a positive and a negative.

    Attributes:
        users: Ids of the users, ascending.
        auc: Area under the ROC curve.
        ndcg: NDCG over all cut-offs (the authors' definition).
        ndcg_standard: NDCG of the full list (the usual definition).
    """

    users: NDArray[np.integer]
    auc: NDArray[np.float64]
    ndcg: NDArray[np.float64]
    ndcg_standard: NDArray[np.float64]


def rank_metrics(scores: ArrayLike, labels: ArrayLike, users: ArrayLike) -> RankMetrics:
    """Per-user AUC and both NDCGs, as `per_user_auc` and `per_user_ndcg` define them.

    Args:
        scores: (M,), real numbers; infinities are ordered like any other.
        labels: (M,), True or 1 for a positive, False or 0 for a negative.
        users: (M,), integers, in any order.

    Raises:
        InputError: An array is not (M,), a score is NaN, a label is not binary, a user is not an integer.

    Example:
        >>> found = rank_metrics([0.9, 0.2, 0.4, 0.5], [1, 0, 1, 1], [0, 0, 0, 1])
        >>> found.users, found.auc
        (array([0]), array([1.]))
    """
    ranking = rank(scores, labels, users)
    return RankMetrics(
        users=ranking.users,
        auc=auc(ranking),
        ndcg=ndcg(ranking, "all-cutoffs"),
        ndcg_standard=ndcg(ranking, "standard"),
    )
