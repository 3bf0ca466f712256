"""How far a mean over users can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...core.errors import Fault, InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["bootstrap_interval"]

_DRAWS_AT_ONCE = 1 << 20
"""Bounds the memory of the resampling at 16 MiB, however many users there are."""


def bootstrap_interval(
    values: ArrayLike, *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of a mean over users (Efron and Tibshirani 1993, chapter 13).

    Args:
        values: (U,), one finite value for each user. A single value is its own interval.
        level: Confidence level, in (0, 1).
        resamples: How many times U users are drawn with replacement.
        seed: Of the draws; the same seed gives the same interval.

    Returns:
        The lower and the upper end.

    Raises:
        InputError: There are no values, one is not finite, or the level or the number is out of range.

    Example:
        >>> low, high = bootstrap_interval([0.7, 0.8, 0.9, 0.8])
        >>> round(low, 3), round(high, 3)
        (0.725, 0.875)
    """
    sample = finite_values("values", values)
    if not 0 < level < 1:
        raise InputError(Fault("level", str(level), "a confidence level between 0 and 1"))
    if resamples < 1:
        raise InputError(Fault("resamples", str(resamples), "1 or more"))

    tail = (1 - level) / 2
    means = _resampled_means(sample, resamples, seed)
    # A mean lies among its values; rounding may push that of equal values out, and make a width of none.
    low, high = np.quantile(means.clip(sample.min(), sample.max()), [tail, 1 - tail])
    return float(low), float(high)


def finite_values(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """The argument `name` as float64 (U,).

    Raises:
        InputError: It is not one-dimensional, is empty, or holds a value that is not finite.
    """
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or not found.size:
        raise InputError(Fault(name, f"shape {found.shape}", "one value for each of at least one user, (U,)"))
    if not np.isfinite(found).all():
        row = int(np.isfinite(found).argmin())
        raise InputError(Fault(f"{name}[{row}]", str(found[row]), "a finite number"))
    return found


def _resampled_means(values: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    block = max(1, _DRAWS_AT_ONCE // len(values))
    sizes = [min(block, resamples - done) for done in range(0, resamples, block)]
    return np.concatenate(
        [values[generator.integers(len(values), size=(size, len(values)))].mean(axis=1) for size in sizes]
    )
