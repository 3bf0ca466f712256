"""Normalized discounted cumulative gain of each user, in the authors' and in the usual definition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from ...core.errors import Fault, InputError
from .ranking import Ranking, rank

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Variant", "ndcg", "per_user_ndcg"]

Variant = Literal["all-cutoffs", "standard"]


def per_user_ndcg(
    scores: ArrayLike, labels: ArrayLike, users: ArrayLike, variant: Variant = "all-cutoffs"
) -> NDArray[np.float64]:
    r"""NDCG of each user, in expectation over random orders of outfits with equal scores.

    With gains $g_r$ of the outfit at rank $r$ (1 for a positive, 0 for a negative), *n* outfits,
    $DCG@m = \sum_{r \le m} g_r / discount(r)$, and IDCG the DCG of the best order:

    - `"all-cutoffs"`, as in the public code of the data's authors (Lu et al., FHN 2019, LPAE 2021):
      $\frac1n \sum_{m=1}^n DCG@m / IDCG@m$ with $discount(r) = \log_2 \max(r, 2)$;
    - `"standard"` (Järvelin and Kekäläinen 2002, as in scikit-learn): $DCG@n / IDCG@n$ with
      $discount(r) = \log_2(r + 1)$.

    The two differ by much: a random order at five positives to fifty negatives has 0.22 and 0.43.

    Args:
        scores: (M,), real numbers; infinities are ordered like any other.
        labels: (M,), True or 1 for a positive, False or 0 for a negative.
        users: (M,), integers, in any order.
        variant: Which definition.

    Returns:
        float64 (number of users,), for the users `ranked_users(labels, users)` names, ascending by id.
        A user without a positive or without a negative is left out.

    Raises:
        InputError: As for `per_user_auc`, or the variant is unknown.

    Example:
        >>> per_user_ndcg([0.3, 0.2, 0.1], [0, 1, 0], [4, 4, 4]).round(4)
        array([0.6667])
        >>> per_user_ndcg([0.3, 0.2, 0.1], [0, 1, 0], [4, 4, 4], variant="standard").round(4)
        array([0.6309])
    """
    if variant not in _VARIANTS:
        raise InputError(Fault("variant", repr(variant), " or ".join(map(repr, get_args(Variant)))))
    return ndcg(rank(scores, labels, users), variant)


def ndcg(ranking: Ranking, variant: Variant) -> NDArray[np.float64]:
    """NDCG of each user of a ranking, at most 1: rounding would leave a perfect one a little above."""
    return np.minimum(_VARIANTS[variant](ranking), 1.0)


def _standard(ranking: Ranking) -> NDArray[np.float64]:
    discounted = 1 / np.log2(_ranks(ranking) + 1)
    ideal = np.cumsum(discounted)[ranking.positives - 1]
    return ranking.weighted_gain(discounted[ranking.rank - 1]) / ideal


def _all_cutoffs(ranking: Ranking) -> NDArray[np.float64]:
    """The sums exchanged: each gain times the cut-offs' 1 / IDCG it takes part in.

    Σ_m DCG@m / IDCG@m = Σ_r g_r / discount(r) · Σ_{m ≥ r} 1 / IDCG@m. With P positives, IDCG@m grows up
    to m = P and stays, so the inner sum is a difference of cumulated values plus a constant for each m > P.
    """
    discounted = 1 / np.log2(np.maximum(_ranks(ranking), 2))
    ideal = np.cumsum(discounted)
    cumulated = np.concatenate([[0.0], np.cumsum(1 / ideal)])

    positives, outfits = ranking.positives[ranking.user], ranking.outfits[ranking.user]
    above = ranking.rank - 1
    growing = cumulated[positives] - cumulated[np.minimum(above, positives)]
    constant = (outfits - np.maximum(above, positives)) / ideal[positives - 1]
    return ranking.weighted_gain(discounted[above] * (growing + constant)) / ranking.outfits


def _ranks(ranking: Ranking) -> NDArray[np.int64]:
    """1, 2, … up to the longest list."""
    return np.arange(1, ranking.outfits.max(initial=0) + 1)


_VARIANTS: dict[Variant, Callable[[Ranking], NDArray[np.float64]]] = {
    "all-cutoffs": _all_cutoffs,
    "standard": _standard,
}
