"""Whether two methods differ on the same users and candidates, also where they are two of many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.errors import Fault, InputError
from .equality import TOLERANCE, settled
from .intervals import bootstrap_interval, finite_values

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["PairedComparison", "holm", "paired_comparison"]


@dataclass(frozen=True)
class PairedComparison:
    """The difference of two methods, a − b.

    Attributes:
        difference: Mean over users; above 0 where a is better.
        low: Lower end of its bootstrap interval over users.
        high: Upper end.
        p_value: Of the two-sided Wilcoxon signed-rank test that the differences centre on 0.
    """

    difference: float
    low: float
    high: float
    p_value: float


def paired_comparison(
    a: ArrayLike, b: ArrayLike, *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> PairedComparison:
    """Compare a metric of two methods user by user.

    Pairing removes what is common to both (some users are harder to please), so that far smaller
    differences show than by comparing the two methods' own intervals.

    AUCs are ratios of whole numbers, and rounding must not rank what is equal: differences that are equal but
    for rounding are made so first (see `equality`), and an end of the interval that is 0 but for that is 0.

    Args:
        a: (U,), a metric of one method for each user.
        b: (U,), the same metric of the other, for the same users in the same order.
        level: Confidence level of the interval, in (0, 1).
        resamples: Of the bootstrap over users.
        seed: Of the bootstrap.

    Raises:
        InputError: The lengths differ, there are no values, one is not finite, or `bootstrap_interval`
            refuses the level or the number of resamples.

    Example:
        >>> paired_comparison([0.9, 0.8, 0.7], [0.9, 0.8, 0.7])
        PairedComparison(difference=0.0, low=0.0, high=0.0, p_value=1.0)
    """
    of_a, of_b = finite_values("a", a), finite_values("b", b)
    if len(of_a) != len(of_b):
        raise InputError(Fault("b", f"{len(of_b)} values", f"{len(of_a)}, one for each user of a"))
    scale = float(max(np.abs(of_a).max(), np.abs(of_b).max()))
    differences = settled(of_a - of_b, scale=scale)
    interval = bootstrap_interval(differences, level=level, resamples=resamples, seed=seed)
    # Equal differences of opposite sign cancel; their sums in floating point may not.
    mean, low, high = (
        0.0 if abs(value) <= TOLERANCE * scale else value for value in (float(differences.mean()), *interval)
    )
    return PairedComparison(mean, low, high, _signed_rank_p_value(differences))


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """p-values of several comparisons, each corrected for having been one of them.

    Whoever looks at many comparisons finds small p-values by luck. Below a level, these corrected ones keep
    the chance of even one false finding among all of them under that level, whatever the comparisons have to
    do with each other (Holm, A simple sequentially rejective multiple test procedure, 1979).

    Args:
        p_values: (n,), each in [0, 1].

    Returns:
        float64 (n,), in the same order: the k-th smallest (k from 0) times n − k, but no smaller than the one
        before it and at most 1.

    Raises:
        InputError: One is not in [0, 1].

    Example:
        >>> holm([0.01, 0.04, 0.03, 0.005]).tolist()
        [0.03, 0.06, 0.06, 0.02]
    """
    found = np.asarray(p_values, dtype=np.float64)
    for place in np.flatnonzero(~((found >= 0) & (found <= 1)))[:1]:
        raise InputError(Fault(f"p_values[{place}]", str(found[place]), "a number from 0 to 1"))
    order = np.argsort(found, kind="stable")
    corrected = np.empty_like(found)
    corrected[order] = np.minimum(np.maximum.accumulate(found[order] * np.arange(len(found), 0, -1)), 1)
    return corrected


def _signed_rank_p_value(differences: NDArray[np.float64]) -> float:
    """Equal pairs say nothing about the direction and are dropped; when all are, p is 1."""
    from scipy.stats import wilcoxon

    unequal = differences[differences != 0]
    if not unequal.size:
        return 1.0
    result: Any = wilcoxon(unequal)  # scipy does not say what it returns
    return float(result.pvalue)
