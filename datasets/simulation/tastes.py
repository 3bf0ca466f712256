"""Which styles each user likes, and how busy a user is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .dice import Dice

__all__ = ["NARROW", "draw_activity", "draw_tastes"]

NARROW = (600, 400)
"""Weights of the styles a user likes, the favourite first, against 1 for each other style."""


def draw_tastes(
    num_users: int, contrast: NDArray[np.bool_], dice: Dice, liking: Sequence[int] = NARROW
) -> NDArray[np.int64]:
    """Some styles, which contrast with each other as long as there are such, and a little of everything else.

    Contrasting styles keep any single look (a colour, say) from giving a user's taste away.

    Args:
        num_users: Number of users.
        contrast: bool (S, S), which styles may be liked by one user; symmetric, False on the diagonal.
        dice: Source of the draws.
        liking: Weights of the styles a user likes, the favourite first; at most S.

    Returns:
        int64 (num_users, S), taste weights.
    """
    num_styles = len(contrast)
    weights = np.ones((num_users, num_styles), np.int64)
    # Every style is the favourite of equally many users, up to one.
    favourites = np.concatenate([dice.order(num_styles) for _ in range(-(-num_users // num_styles))])
    for user in range(num_users):
        style = int(favourites[user])
        contrasting, left = np.ones(num_styles, bool), np.ones(num_styles, bool)
        for weight in liking:
            weights[user, style] = weight
            contrasting &= contrast[style]
            left[style] = False
            # One style more is drawn than is liked: what is drawn afterwards depends on it.
            if left.any():
                style = dice.pick(np.flatnonzero(contrasting if contrasting.any() else left).tolist())
    return weights


def draw_activity(num_users: int, mean: int, dice: Dice) -> NDArray[np.int64]:
    """How many outfits each user posts: evenly spread from three to five quarters of `mean`.

    Example:
        >>> sorted(draw_activity(5, 100, Dice(1)).tolist())
        [75, 87, 100, 112, 125]
    """
    spread = mean // 4
    return mean - spread + dice.order(num_users) * (2 * spread) // max(1, num_users - 1)
