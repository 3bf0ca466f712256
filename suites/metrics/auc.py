"""Area under the ROC curve of each user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .ranking import Ranking, rank

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["auc", "per_user_auc"]


def per_user_auc(scores: ArrayLike, labels: ArrayLike, users: ArrayLike) -> NDArray[np.float64]:
    """How often a user's positive scores above their negative; a tie counts one half.

    Args:
        scores: (M,), real numbers; infinities are ordered like any other.
        labels: (M,), True or 1 for a positive, False or 0 for a negative.
        users: (M,), integers, in any order.

    Returns:
        float64 (number of users,), for the users `ranked_users(labels, users)` names, ascending by id.
        A user without a positive or without a negative is left out.

    Raises:
        InputError: An array is not (M,), a score is NaN, a label is not binary, a user is not an integer.

    Example:
        >>> per_user_auc(scores=[0.9, 0.2, 0.4, 0.5, 0.5], labels=[1, 0, 0, 1, 0], users=[0, 0, 0, 1, 1])
        array([1. , 0.5])
    """
    return auc(rank(scores, labels, users))


def auc(ranking: Ranking) -> NDArray[np.float64]:
    """The Mann-Whitney form: one minus the share of (positive, negative) pairs in the wrong order.

    A positive's rank less its rank among the positives is the number of negatives above it.
    """
    positives = ranking.positives
    negatives_above = ranking.weighted_gain(ranking.rank) - positives * (positives + 1) / 2
    return 1 - negatives_above / (positives * (ranking.outfits - positives))
