"""What a student keeps of its teacher's quality, and at what share of its cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .costs import EVERY_USER, LATENCY, ratio, sampled

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
        like_its_fit: Of a variant: whether its interval and that of the fit it was made from overlap.
    """

    seconds: float
    share: float = math.nan
    overlaps: bool = False
    like_its_fit: bool = False


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
    difference: Difference,
    costs: Mapping[str, CostRecord],
    *,
    every_user: bool = False,
    fit: AnyRow | None = None,
) -> TeacherShare:
    """Join a row's difference from its teacher with the times of the two.

    Args:
        difference: A row against its teacher.
        costs: Cost records by row name.
        every_user: Whether the time for every user is compared, too.
        fit: Of a variant: the row of the fits it was made from.
    """
    own, teacher = costs.get(difference.row.name), costs.get(difference.other.name)
    if own is None:
        return TeacherShare(difference.row, difference)
    trained = costs.get(fit.name) if fit else None
    names = (LATENCY, EVERY_USER) if every_user else (LATENCY,)
    return TeacherShare(difference.row, difference, *(_beside(own, teacher, trained, name) for name in names))


def _beside(
    own: CostRecord, teacher: CostRecord | None, trained: CostRecord | None, name: str
) -> TimeShare | None:
    measured = sampled(own, name)
    if measured is None:
        return None
    return TimeShare(
        measured.median,
        ratio(own, teacher, name) if teacher else math.nan,
        _overlap(own, teacher, name),
        _overlap(own, trained, name),
    )


def _overlap(own: CostRecord, other: CostRecord | None, name: str) -> bool:
    """Whether the intervals of two records' medians have a value in common."""
    a, b = sampled(own, name), sampled(other, name) if other else None
    if own is other or a is None or b is None:
        return False
    (low, high), (other_low, other_high) = a.median_interval(), b.median_interval()
    return low <= other_high and other_low <= high
