"""When two values of a metric are equal: floating point writes one number in several ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["TOLERANCE", "best", "exceeds", "places", "same"]

TOLERANCE = 1e-12
"""Numbers of a size of about 1 that differ by no more than this are one number.

It lies far above what rounding does (1e-15 for a difference or a mean of AUCs, 1e-14 for NDCG) and far below
what can tell two users apart: AUCs and their means over S seeds are whole numbers over 2·P·N·S, so that the
differences of two users with some 40 positives and 400 negatives lie 1e-10 apart. Rounding to a grid of such
steps would not do: the spellings of a value between two points, as 2⁻¹³ is at 12 decimals, fall to either.
"""


def same(a: ArrayLike, b: ArrayLike) -> NDArray[np.bool_]:
    """Whether two numbers are equal but for rounding, element by element.

    Args:
        a: Metrics, or other numbers that are not all far below 1.
        b: Of the same shape, or one that broadcasts.

    Returns:
        Bool in the common shape; False where one is NaN.

    Example:
        >>> same([0.1 + 0.2, 0.3, 0.3], [0.3, 0.3, 0.3001]).tolist()
        [True, True, False]
    """
    return np.isclose(a, b, rtol=TOLERANCE, atol=TOLERANCE)


def exceeds(a: ArrayLike, b: ArrayLike) -> NDArray[np.bool_]:
    """Whether one number is greater than another by more than rounding, element by element.

    Args:
        a: As for `same`.
        b: As for `same`.

    Returns:
        Bool in the common shape; False where one is NaN.

    Example:
        >>> exceeds([0.1 + 0.2, 0.3001], 0.3).tolist()
        [False, True]
    """
    return np.greater(a, b) & ~same(a, b)


def places(values: ArrayLike) -> NDArray[np.float64]:
    """Place of each number from the lowest, from 0; equal numbers share one, and NaN stays NaN.

    Args:
        values: (n,).

    Returns:
        float64 (n,), whole numbers and NaN.

    Example:
        >>> places([0.3, 0.1, 0.1 + 0.2, 0.5]).tolist()
        [1.0, 0.0, 1.0, 2.0]
    """
    found = np.asarray(values, dtype=np.float64)
    order = np.argsort(found, kind="stable")
    ordered = found[order]
    numbers = np.empty(len(found))
    numbers[order] = np.cumsum(~same(ordered, np.concatenate([ordered[:1], ordered[:-1]])))
    return np.where(np.isnan(found), np.nan, numbers)


def best(values: ArrayLike) -> NDArray[np.bool_]:
    """Which values equal the greatest; NaN never does.

    Args:
        values: (n,), a metric of n methods; greater is better.

    Returns:
        Bool (n,); all False when no value is finite.

    Example:
        >>> best([0.3, 0.1 + 0.2, 0.2, float("nan")]).tolist()
        [True, True, False, False]
    """
    found = np.asarray(values, dtype=np.float64)
    finite = found[np.isfinite(found)]
    return same(found, finite.max()) if finite.size else np.zeros(found.shape, dtype=bool)
