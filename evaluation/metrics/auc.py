"""Area under the ROC curve of each user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .ranking import Ranking, rank

if TYPE_CHECKING:
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

    A positive's rank less its rank among the positives is the number of negatives above it; twice that is a
    whole number even where ties share ranks. Taking it as one, and dividing last, gives the float nearest to
    the exact ratio, so that equal AUCs are equal to the bit, whatever counts they are ratios of.
    """
    positives = ranking.positives
    twice_above = np.rint(2 * ranking.weighted_gain(ranking.rank)) - positives * (positives + 1)
    twice_pairs = 2 * positives * (ranking.outfits - positives)
    return (twice_pairs - twice_above) / twice_pairs
