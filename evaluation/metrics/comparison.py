"""Whether two methods differ, for other users and another luck of training too."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...core.errors import Fault, InputError
from .equality import TOLERANCE
from .intervals import percentiles, resampled_means, seeds_by_users

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["POWER", "PairedComparison", "crossed_p_value", "paired_comparison"]

POWER = 0.8
"""Chance to see the least difference that is said to be visible."""


@dataclass(frozen=True)
class PairedComparison:
    """The difference of two methods, a − b.

    Attributes:
        difference: Mean over users and seeds; above 0 where a is better.
        low: Lower end of its bootstrap interval, which crosses users and seeds.
        high: Upper end.
        p_value: Of the two-sided test that it is 0 for other users and seeds (see `paired_comparison`).
        seeds: How many seeds it rests on: those of the side with fewer where they are not paired.
        seeds_low: Lower end of the t-interval over seeds; NaN for one seed.
        seeds_high: Upper end.
        least: The least difference that would have been seen in 80 of 100 repetitions; NaN for one user.
    """

    difference: float
    low: float
    high: float
    p_value: float
    seeds: int = 1
    seeds_low: float = math.nan
    seeds_high: float = math.nan
    least: float = math.nan


def paired_comparison(
    a: ArrayLike,
    b: ArrayLike,
    *,
    paired_seeds: bool = True,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> PairedComparison:
    """Compare a metric of two methods user by user, and seed by seed.

    Pairing removes what is common to both: some users are harder to please, and fits of one seed began
    alike and learned from one teacher. So far smaller differences show than by the methods' own intervals.

    A difference has two sources of chance that cross: who the users are, and how training went. The p-value
    is that of Clark's min F′ (The language-as-fixed-effect fallacy, 1973, there for subjects × items):
    t = difference / √(v_seeds / S + v_users / U), with the variances of the seeds' means over users and of
    the users' means over seeds, and Satterthwaite's degrees of freedom (1946). What a user and a seed share
    is counted twice, to be safe. A test over users alone, as Wilcoxon's of the seeds' means, would call a
    method better for one lucky teacher. Few seeds that happen to be alike mislead this one as well: where
    luck of training is nearly all there is and there is no difference, it finds one in 7.5 of 100 cases
    with three seeds, in 6 with five, so a claim asks the t-interval over seeds, too. With one seed it is the
    paired t-test over users, and says nothing of the luck of training.

    The least visible difference is (t(1 − α/2) + t(0.8)) times the same standard error, with the same degrees
    of freedom and α = 1 − level (Bloom, Minimum detectable effects, 1995).

    AUCs are ratios of whole numbers, and rounding must not rank what is equal: a difference that is 0 but for
    rounding (see `equality`) is 0, and so is an end of the interval.

    Args:
        a: (U,) or (S, U), a metric of one method for each user, and each seed.
        b: The same metric of the other, for the same users in the same order. Where one of the two has one
            seed only, as what nobody trains has none, it meets each seed of the other.
        paired_seeds: Whether row s of both is of one seed; else the two sides' seeds are drawn apart.
        level: Confidence level of both intervals, in (0, 1).
        resamples: Of the bootstrap.
        seed: Of the bootstrap.

    Raises:
        InputError: The numbers of users, or of paired seeds, differ, there are no values, one is not finite,
            or the level or the number of resamples is out of range.

    Example:
        >>> found = paired_comparison([[0.9, 0.8, 0.7], [0.9, 0.8, 0.8]], [[0.8, 0.7, 0.6], [0.9, 0.7, 0.6]])
        >>> f"{found.difference:.2f}, p {found.p_value:.2f}, {found.seeds} seeds, sees {found.least:.2f}"
        '0.10, p 0.07, 2 seeds, sees 0.15'
    """
    sides, scale = _sides(a, b, paired_seeds=paired_seeds)
    means = resampled_means(sides, resamples, seed)
    difference, low, high = (
        0.0 if abs(value) <= TOLERANCE * scale else value
        for value in (_difference(sides), *percentiles(means, level))
    )
    chance, of_seeds = _chance(sides, scale)
    several = len(of_seeds.parts) == len(sides)  # one side's only seed tells nothing of its luck
    reach = of_seeds.quantile((1 + level) / 2) * of_seeds.error if of_seeds.error else 0.0
    visible = chance.error and sides[0].shape[1] > 1  # one user proves nothing
    seen = chance.quantile((1 + level) / 2) + chance.quantile(POWER) if visible else math.nan
    return PairedComparison(
        difference,
        low,
        high,
        _p_value(sides, difference, scale),
        min(len(side) for side in sides),
        *((difference - reach, difference + reach) if several else (math.nan, math.nan)),
        seen * chance.error,
    )


def crossed_p_value(a: ArrayLike, b: ArrayLike, *, paired_seeds: bool = True) -> float:
    """The p-value of `paired_comparison` alone: for many pairs, as it draws nothing.

    Args:
        a: As for `paired_comparison`.
        b: As for `paired_comparison`.
        paired_seeds: As for `paired_comparison`.

    Raises:
        InputError: As for `paired_comparison`.

    Example:
        >>> crossed_p_value([0.9, 0.8, 0.7], [0.9, 0.8, 0.7])
        1.0
    """
    sides, scale = _sides(a, b, paired_seeds=paired_seeds)
    return _p_value(sides, _difference(sides), scale)


def _sides(
    a: ArrayLike, b: ArrayLike, *, paired_seeds: bool
) -> tuple[tuple[NDArray[np.float64], ...], float]:
    """The differences as one side (S, U), or two sides whose seeds are not paired; and the values' size."""
    of_a, of_b = seeds_by_users("a", a), seeds_by_users("b", b)
    if of_a.shape[1] != of_b.shape[1]:
        expected = f"{of_a.shape[1]}, one for each user of a"
        raise InputError(Fault("b", f"{of_b.shape[1]} values", expected))
    scale = float(max(np.abs(of_a).max(), np.abs(of_b).max()))
    if not paired_seeds:
        return (of_a, of_b), scale
    if len(of_a) != len(of_b) and 1 not in (len(of_a), len(of_b)):
        raise InputError(Fault("b", f"{len(of_b)} seeds", f"{len(of_a)}, those of a"))
    differences = of_a - of_b
    return (np.where(np.abs(differences) <= TOLERANCE * scale, 0.0, differences),), scale


def _difference(sides: Sequence[NDArray[np.float64]]) -> float:
    return float(sides[0].mean() - sum(side.mean() for side in sides[1:]))


def _p_value(sides: Sequence[NDArray[np.float64]], difference: float, scale: float) -> float:
    if abs(difference) <= TOLERANCE * scale or sides[0].shape[1] < 2:  # one user proves nothing
        return 1.0
    return _chance(sides, scale)[0].p_value(difference)


@dataclass(frozen=True)
class _Chance:
    """What a difference owes to chance: variances of its mean, each with its degrees of freedom.

    Attributes:
        parts: Of the users, and of each side's seeds where it has several.
    """

    parts: tuple[tuple[float, int], ...]

    @property
    def error(self) -> float:
        """Standard error of the difference."""
        return math.sqrt(sum(variance for variance, _ in self.parts))

    @property
    def freedom(self) -> float:
        """Satterthwaite's degrees of freedom."""
        whole = sum(variance for variance, _ in self.parts)
        return whole**2 / sum(variance**2 / freedom for variance, freedom in self.parts)

    def quantile(self, share: float) -> float:
        """Of Student's distribution."""
        from scipy.special import stdtrit

        return float(stdtrit(self.freedom, share))

    def p_value(self, difference: float) -> float:
        """That chance alone gives as much, on either side."""
        from scipy.special import stdtr

        return 2 * float(stdtr(self.freedom, -abs(difference) / self.error)) if self.error else 0.0


def _chance(sides: Sequence[NDArray[np.float64]], scale: float) -> tuple[_Chance, _Chance]:
    """Of users and seeds, and of the seeds alone."""
    per_user = sides[0].mean(axis=0) - sum(side.mean(axis=0) for side in sides[1:])
    seeds = tuple(_of_mean(side.mean(axis=1), scale) for side in sides if len(side) > 1)
    users = (_of_mean(per_user, scale),) if len(per_user) > 1 else ()
    return _Chance((*users, *seeds)), _Chance(seeds)


def _of_mean(values: NDArray[np.float64], scale: float) -> tuple[float, int]:
    """Variance of a mean and its degrees of freedom; 0 where the values are equal but for rounding."""
    equal = float(np.ptp(values)) <= TOLERANCE * scale
    return 0.0 if equal else float(values.var(ddof=1)) / len(values), len(values) - 1
