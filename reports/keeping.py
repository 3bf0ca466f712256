"""What a student keeps of its teacher's quality, and at what share of its cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .sampled import LATENCY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..suites.records import CostRecord
    from .comparison import Difference
    from .ranking import Row

__all__ = ["Kept", "keeping"]


@dataclass(frozen=True)
class Kept:
    """A row beside its teacher.

    Attributes:
        row: The student.
        against: Its paired difference from the teacher.
        latency: Median of one request in seconds, or None if it or the teacher's was not measured.
        latency_share: Relative to the teacher's: the median of the ratios of their turns.
        latencies_overlap: Whether the intervals of the two medians overlap, though the models are two.
    """

    row: Row
    against: Difference
    latency: float | None = None
    latency_share: float = math.nan
    latencies_overlap: bool = False

    @property
    def quality(self) -> float:
        """Share of the teacher's AUC."""
        teacher = self.against.other.mean("auc")
        return self.row.mean("auc") / teacher if teacher else math.nan

    @property
    def size(self) -> float:
        """Share of the teacher's parameters."""
        return self.row.parameters / self.against.other.parameters


def keeping(difference: Difference, costs: Mapping[str, CostRecord]) -> Kept:
    """Join a row's difference from its teacher with the latencies of the two.

    Args:
        difference: A row against its teacher.
        costs: Cost records by row name.
    """
    own, teacher = costs.get(difference.row.name), costs.get(difference.other.name)
    if own is None or teacher is None:
        return Kept(difference.row, difference)
    a, b = own.measurements[LATENCY], teacher.measurements[LATENCY]
    (a_low, a_high), (b_low, b_high) = a.median_interval(), b.median_interval()
    overlap = own is not teacher and a_low <= b_high and b_low <= a_high
    return Kept(difference.row, difference, a.median, a.ratio_to(b), overlap)
