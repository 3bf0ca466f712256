"""How far a mean over users, and over seeds of training, can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...core.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["bootstrap_interval"]

_DRAWS_AT_ONCE = 1 << 20
"""Bounds the memory of the resampling at 16 MiB, however many users there are."""


def bootstrap_interval(
    values: ArrayLike, *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of a mean over users, or over users and seeds.

    With several seeds both are drawn, each with replacement and apart from the other, and a resample is the
    mean over all pairs of a drawn seed and a drawn user: the interval covers other users and another luck of
    training (Owen, The pigeonhole bootstrap, 2007; for one seed Efron and Tibshirani 1993, chapter 13). Few
    seeds understate their own spread, so it is too narrow where luck of training is all there is; the
    t-interval over seeds of a `PairedComparison` is not.

    Args:
        values: (U,), one finite value for each user, or (S, U), one for each seed and user. A single value is
            its own interval.
        level: Confidence level, in (0, 1).
        resamples: How many times users and seeds are drawn.
        seed: Of the draws; the same seed gives the same interval.

    Returns:
        The lower and the upper end.

    Raises:
        InputError: There are no values, one is not finite, or the level or the number is out of range.

    Example:
        >>> low, high = bootstrap_interval([0.7, 0.8, 0.9, 0.8])
        >>> round(low, 3), round(high, 3)
        (0.725, 0.875)
        >>> bootstrap_interval([[0.7, 0.7], [0.9, 0.9]])
        (0.7, 0.9)
    """
    sample = seeds_by_users("values", values)
    low, high = percentiles(resampled_means([sample], resamples, seed), level)
    # A mean lies among its values; rounding may push that of equal values out, and make a width of none.
    least, greatest = float(sample.min()), float(sample.max())
    return min(max(low, least), greatest), min(max(high, least), greatest)


def seeds_by_users(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """The argument `name` as float64 (S, U); values of one seed may come as (U,).

    Raises:
        InputError: It has another shape, is empty, or holds a value that is not finite.
    """
    found = np.asarray(values, dtype=np.float64)
    if found.ndim not in (1, 2) or not found.size:
        expected = "one value for each of at least one user, (U,), or of each seed and user, (S, U)"
        raise InputError(Fault(name, f"shape {found.shape}", expected))
    if not np.isfinite(found).all():
        place = np.argwhere(~np.isfinite(found))[0].tolist()
        where = f"{name}[{', '.join(map(str, place))}]"
        raise InputError(Fault(where, str(found[tuple(place)]), "a finite number"))
    return np.atleast_2d(found)


def resampled_means(
    sides: Sequence[NDArray[np.float64]], resamples: int, seed: int = 0
) -> NDArray[np.float64]:
    """Means of the first side, less those of the second if there is one, over drawn users and seeds.

    Args:
        sides: One or two of (S, U) for the same U users; each side's seeds are drawn by themselves.
        resamples: How many means.
        seed: Of the draws.

    Returns:
        float64 (resamples,).

    Raises:
        InputError: `resamples` is below 1.
    """
    if resamples < 1:
        raise InputError(Fault("resamples", str(resamples), "1 or more"))
    users = sides[0].shape[1]
    of_seeds = np.random.default_rng([seed, 1])
    per_user = np.zeros((1, users))
    for side, sign in zip(sides, (1, -1), strict=False):
        many = len(side)
        share = of_seeds.multinomial(many, [1 / many] * many, size=resamples) / many if many > 1 else 1.0
        per_user = per_user + sign * (share @ side if many > 1 else side)
    of_users = np.random.default_rng(seed)
    block = max(1, _DRAWS_AT_ONCE // users)
    means = []
    for start in range(0, resamples, block):
        drawn = of_users.integers(users, size=(min(block, resamples - start), users))
        seen = per_user[start : start + block] if len(per_user) > 1 else per_user
        means.append(np.take_along_axis(np.broadcast_to(seen, drawn.shape), drawn, axis=1).mean(axis=1))
    return np.concatenate(means)


def percentiles(means: NDArray[np.float64], level: float) -> tuple[float, float]:
    """The ends between which the middle share `level` of resampled means lies.

    Raises:
        InputError: The level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise InputError(Fault("level", str(level), "a confidence level between 0 and 1"))
    tail = (1 - level) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
