"""Whose scores make those of a cold user: the known users who like the outfits that are known of them.

Kim et al., Sec. 3.5, Eqs. 20 to 24; `cold_start` says how they go together. Imports no torch: a
workload asks for them in the process of any engine.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "TEMPERATURE",
    "THRESHOLD",
    "average_weights",
    "neighbours",
    "similarities",
    "weighted_average_weights",
]

THRESHOLD = 0.0
"""δ, the middle of what a cosine can be (Sec. 4.1.4)."""

TEMPERATURE = 0.2
"""τ of *w-avg* (Sec. 4.1.4)."""


def similarities(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """s_ci, how similar each cold user is to each known one (Eq. 20).

    Args:
        scores: r_ij of U known users for n known outfits of each of P cold users, (U, P, n).

    Returns:
        (P, U), the mean over the outfits.

    Example:
        >>> similarities(np.array([[[0.25, 0.75]], [[-0.5, 0.0]]]))
        array([[ 0.5 , -0.25]])
    """
    return scores.mean(-1, dtype=np.float64).T


def neighbours(similarity: NDArray[np.floating], threshold: float = THRESHOLD) -> NDArray[np.bool_]:
    """Who is in a cold user's neighbourhood: the similar ones, and always the most similar (Eq. 21).

    Args:
        similarity: (P, U), of `similarities`.
        threshold: δ.

    Example:
        >>> neighbours(np.array([[0.5, -0.25, 0.0], [-0.5, -0.25, -0.75]]))
        array([[ True, False, False],
               [False,  True, False]])
    """
    near = similarity > threshold
    near[np.arange(len(near)), similarity.argmax(-1)] = True
    return near


def average_weights(near: NDArray[np.bool_]) -> NDArray[np.float64]:
    """What each known user's score counts in *avg* (Eq. 22), (P, U); they sum to 1.

    Args:
        near: (P, U), of `neighbours`.

    Example:
        >>> average_weights(np.array([[True, False, True]]))
        array([[0.5, 0. , 0.5]])
    """
    return near / near.sum(-1, keepdims=True)


def weighted_average_weights(
    similarity: NDArray[np.floating], near: NDArray[np.bool_], temperature: float = TEMPERATURE
) -> NDArray[np.float64]:
    """What each known user's score counts in *w-avg* (Eq. 23), (P, U); they sum to 1.

    Args:
        similarity: (P, U), of `similarities`.
        near: (P, U), of `neighbours`.
        temperature: τ; the lower, the more the most similar one counts.

    Example:
        >>> similarity = np.array([[0.5, 0.5, 0.25]])
        >>> weighted_average_weights(similarity, np.array([[True, True, False]]))
        array([[0.5, 0.5, 0. ]])
    """
    highest = similarity.max(-1, keepdims=True)  # a neighbour, so that no exponent is above 0
    powers = np.where(near, np.exp((similarity - highest) / temperature), 0.0)
    return powers / powers.sum(-1, keepdims=True)
