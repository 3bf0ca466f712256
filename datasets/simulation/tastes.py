"""Which styles each user likes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .dice import Dice

__all__ = ["draw_tastes"]


def draw_tastes(
    num_users: int, contrast: NDArray[np.bool_], liking: Sequence[int], dice: Dice
) -> NDArray[np.int64]:
    """Sparse tastes: a few styles that contrast with each other, and a little of everything else.

    Contrasting styles keep any single look (a colour, say) from giving a user's taste away.

    Args:
        num_users: Number of users.
        contrast: bool (S, S), which styles may be liked by one user; symmetric, False on the diagonal.
        liking: Weights of the liked styles, the favourite first, against a weight of 1 for each other style.
        dice: Source of the draws.

    Returns:
        int64 (num_users, S), taste weights.
    """
    num_styles = len(contrast)
    weights = np.ones((num_users, num_styles), np.int64)
    # Every style is the favourite of equally many users, up to one.
    favourites = np.concatenate([dice.order(num_styles) for _ in range(-(-num_users // num_styles))])
    for user in range(num_users):
        style = int(favourites[user])
        allowed = np.ones(num_styles, bool)
        for weight in liking:
            weights[user, style] = weight
            allowed &= contrast[style]
            if not allowed.any():
                break
            style = dice.pick(np.flatnonzero(allowed).tolist())
    return weights
