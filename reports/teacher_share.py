"""What a student keeps of its teacher's quality, and at what share of its cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .costs import LATENCY, ratio, sampled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..suites.records import CostRecord
    from .differences import Difference
    from .table_rows import AnyRow

__all__ = ["TeacherShare", "share_of_its_teacher"]


@dataclass(frozen=True)
class TeacherShare:
    """A row beside its teacher.

    Attributes:
        row: The student, or whatever else is held against the teacher.
        against: Its paired difference from the teacher.
        latency: Median of one request in seconds, or None if it was not measured.
        latency_share: Relative to the teacher's: the median of the ratios of their turns; NaN where the two
            were not measured in one session.
        latencies_overlap: Whether the intervals of the two medians overlap, though the models are two.
    """

    row: AnyRow
    against: Difference
    latency: float | None = None
    latency_share: float = math.nan
    latencies_overlap: bool = False

    @property
    def quality(self) -> float:
        """Share of the teacher's AUC; NaN where one of the two is not told from a random order."""
        teacher = self.against.other.mean("auc")
        return self.row.mean("auc") / teacher if self.against.above_chance else math.nan

    @property
    def size(self) -> float:
        """Share of the teacher's parameters; NaN for what has none."""
        own, teacher = self.row.parameters, self.against.other.parameters
        return math.nan if own is None or teacher is None else own / teacher


def share_of_its_teacher(difference: Difference, costs: Mapping[str, CostRecord]) -> TeacherShare:
    """Join a row's difference from its teacher with the latencies of the two.

    Args:
        difference: A row against its teacher.
        costs: Cost records by row name.
    """
    own, teacher = costs.get(difference.row.name), costs.get(difference.other.name)
    a = sampled(own, LATENCY) if own else None
    b = sampled(teacher, LATENCY) if teacher else None
    if own is None or a is None:
        return TeacherShare(difference.row, difference)
    if teacher is None or b is None:
        return TeacherShare(difference.row, difference, a.median)
    (a_low, a_high), (b_low, b_high) = a.median_interval(), b.median_interval()
    overlap = own is not teacher and a_low <= b_high and b_low <= a_high
    return TeacherShare(difference.row, difference, a.median, ratio(own, teacher, LATENCY), overlap)
