"""A measured quantity: its unit, its raw samples and its flags."""

from __future__ import annotations

import itertools
import math
from statistics import fmean, median, stdev
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["Measurement"]

_COUNTED = {"1", "byte", "FLOP"}
"""Units of which there is no part."""

_LONGEST = 1e9
"""Seconds, thirty years."""

_STEADY = 0.05

_FEWEST_TURNS = 4
"""With fewer, two extremes say little."""


class Measurement(BaseModel):
    """Raw samples of one quantity; every statistic is derived from them.

    Attributes:
        unit: "s", "byte", "1" (a count), "item/s", "FLOP", "J" or "share" (of 1).
        samples: Every sample, in the order taken. Empty when the quantity could not be measured.
        session: Which measuring session the samples are from; empty for what is counted.
        turns: How many of the samples each turn gave, where what is compared took turns; in order.
        flags: Why the samples should be read with care ("not settled", "too few samples"), or why there
            are none.

    Example:
        >>> Measurement(unit="s", samples=[0.3, 0.1, 0.2]).median
        0.2
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    unit: Annotated[str, Field(min_length=1)]
    samples: list[Annotated[float, Field(ge=0, lt=2**63, allow_inf_nan=False)]]
    session: str = ""
    turns: list[Annotated[int, Field(ge=1)]] = []
    flags: list[str] = []

    @model_validator(mode="after")
    def _is_believable(self) -> Measurement:
        for sample in self.samples:
            if self.unit in _COUNTED and not sample.is_integer():
                raise ValueError(f"`samples` hold {sample:g} of what is counted in {self.unit!r}")
            if self.unit == "s" and not 0 < sample < _LONGEST:
                raise ValueError(f"`samples` hold a time of {sample:g} s")
            if self.unit.endswith("/s") and sample == 0:
                raise ValueError(f"`samples` hold a rate of 0 {self.unit}")
        return self

    @model_validator(mode="after")
    def _turns_hold_every_sample(self) -> Measurement:
        if self.turns and sum(self.turns) != len(self.samples):
            raise ValueError(f"`turns` hold {sum(self.turns)} samples of {len(self.samples)}")
        return self

    @property
    def n(self) -> int:
        """How many samples."""
        return len(self.samples)

    @property
    def median(self) -> float:
        """The middle sample; NaN without samples."""
        return median(self.samples) if self.samples else math.nan

    @property
    def mean(self) -> float:
        """The mean; NaN without samples."""
        return fmean(self.samples) if self.samples else math.nan

    @property
    def sd(self) -> float:
        """The sample standard deviation; NaN below two samples."""
        return stdev(self.samples) if self.n > 1 else math.nan

    def ratio_to(self, other: Measurement) -> float:
        """This quantity as a multiple of another's; NaN where one has no samples, or the other is 0.

        NaN, too, for quantities of different sessions: the machine was not the same.

        Where both were sampled in the same turns it is the median of the turns' own ratios, so that drift of
        the machine, which hits both of a turn alike, falls out; elsewhere the ratio of the medians.

        Example:
            >>> slow = Measurement(unit="s", samples=[2.0, 2.0, 6.0, 6.0], turns=[2, 2])
            >>> fast = Measurement(unit="s", samples=[1.0, 1.0, 3.0, 3.0], turns=[2, 2])
            >>> slow.ratio_to(fast)
            2.0
        """
        if self.session != other.session:
            return math.nan
        own, others = self.turn_medians, other.turn_medians
        if len(own) != len(others) or not own:
            own, others = [self.median], [other.median]
        return median(a / b if b else math.nan for a, b in zip(own, others, strict=True))

    def ratio_interval(self, other: Measurement, level: float = 0.95) -> tuple[float, float]:
        """Nonparametric confidence interval of `ratio_to`, from the ratios turn by turn.

        NaN where the two were not sampled in the same turns of one session: their ratio is one figure then.

        Example:
            >>> slow = Measurement(unit="s", samples=[2.0, 2.2, 1.8], turns=[1, 1, 1])
            >>> slow.ratio_interval(Measurement(unit="s", samples=[1.0, 1.0, 1.0], turns=[1, 1, 1]))
            (1.8, 2.2)
        """
        own, others = self.turn_medians, other.turn_medians
        if self.session != other.session or len(own) != len(others) or not all(others):
            return (math.nan, math.nan)
        ratios = [a / b for a, b in zip(own, others, strict=True)]
        return Measurement(unit="share", samples=ratios).median_interval(level)

    @property
    def turn_medians(self) -> list[float]:
        """The median of each turn's samples; none where no turns were taken."""
        ends = list(itertools.accumulate(self.turns))
        return [median(self.samples[end - n : end]) for n, end in zip(self.turns, ends, strict=True)]

    @property
    def unsteadiness(self) -> float:
        """Half the width of the 95 % interval of the turns' medians, as a part of their median.

        How far another run on the same machine may be off; an interval over samples would tell of less, as
        those of one turn are alike. NaN below four turns.

        Example:
            >>> Measurement(unit="s", samples=[1.9, 2.0, 2.0, 2.1], turns=[1, 1, 1, 1]).unsteadiness
            0.05
        """
        medians = Measurement(unit=self.unit, samples=self.turn_medians)
        if medians.n < _FEWEST_TURNS or not medians.median:
            return math.nan
        low, high = medians.median_interval()
        return round((high - low) / 2 / medians.median, 9)

    @property
    def remarks(self) -> list[str]:
        """Its flags, and "unsteady" where its turns tell that another run may be off by more than 5 %."""
        return [*self.flags, "unsteady"] if self.unsteadiness > _STEADY else self.flags

    def percentile(self, share: float) -> float:
        """The nearest-rank percentile, always one of the samples; NaN without samples.

        Args:
            share: In (0, 1], e.g. 0.95.
        """
        if not self.samples:
            return math.nan
        return sorted(self.samples)[max(0, math.ceil(share * self.n) - 1)]

    def tail(self, share: float) -> float:
        """A high percentile; NaN where so few samples cannot tell it from the largest one.

        Example:
            >>> few = Measurement(unit="s", samples=[n / 1e3 for n in range(1, 21)])
            >>> few.tail(0.95), few.tail(0.99)
            (0.019, nan)
        """
        return self.percentile(share) if self.n >= self.needed(share) else math.nan

    @staticmethod
    def needed(share: float) -> int:
        """How many samples a percentile needs, so that one is expected above it.

        Example:
            >>> Measurement.needed(0.95), Measurement.needed(0.99)
            (20, 100)
        """
        return math.ceil(round(1 / (1 - share), 6))

    @property
    def has_interval(self) -> bool:
        """Whether there is an interval of 95 % for the median: below six samples there is none."""
        return self.n >= 6

    def median_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Nonparametric confidence interval of the median from order statistics (binomial).

        Where there is none (`has_interval`) the extremes are given.
        """
        if not self.samples:
            return (math.nan, math.nan)
        from scipy.stats import binom

        ordered = sorted(self.samples)
        low = int(binom.ppf((1 - level) / 2, self.n, 0.5))
        return ordered[max(0, low - 1)], ordered[min(self.n - 1, self.n - low)]
