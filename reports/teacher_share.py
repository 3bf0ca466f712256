"""What a student keeps of its teacher's quality, and at what share of its cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .costs import EVERY_USER, LATENCY, overlap, ratio, sampled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..suites.records import CostRecord
    from .differences import Difference
    from .table_rows import AnyRow

__all__ = ["TeacherShare", "TimeShare", "share_of_its_teacher"]


@dataclass(frozen=True)
class TimeShare:
    """A time beside that of the teacher.

    Attributes:
        seconds: Its median.
        share: Relative to the teacher's: the median of the ratios of their turns; NaN where the two were not
            measured in one session.
        overlaps: Whether the intervals of the two medians overlap, though the models are two.
    """

    seconds: float
    share: float = math.nan
    overlaps: bool = False


@dataclass(frozen=True)
class TeacherShare:
    """A row beside its teacher.

    Attributes:
        row: The student, or whatever else is held against the teacher.
        against: Its paired difference from the teacher.
        latency: Of one request, or None if it was not measured.
        every_user: Of recommending to every user, or None if it was not measured for all that is compared.
    """

    row: AnyRow
    against: Difference
    latency: TimeShare | None = None
    every_user: TimeShare | None = None

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


def share_of_its_teacher(
    difference: Difference, costs: Mapping[str, CostRecord], every_user: bool = False
) -> TeacherShare:
    """Join a row's difference from its teacher with the times of the two.

    Args:
        difference: A row against its teacher.
        costs: Cost records by row name.
        every_user: Whether the time for every user is compared, too.
    """
    own, teacher = costs.get(difference.row.name), costs.get(difference.other.name)
    if own is None:
        return TeacherShare(difference.row, difference)
    latency = _beside(own, teacher, LATENCY)
    return TeacherShare(
        difference.row, difference, latency, _beside(own, teacher, EVERY_USER) if every_user else None
    )


def _beside(own: CostRecord, teacher: CostRecord | None, name: str) -> TimeShare | None:
    a, b = sampled(own, name), sampled(teacher, name) if teacher else None
    if a is None:
        return None
    if teacher is None or b is None:
        return TimeShare(a.median)
    return TimeShare(a.median, ratio(own, teacher, name), own is not teacher and overlap(a, b))
