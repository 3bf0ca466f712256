"""Paired differences: each method against the teacher, and each distilled one against its baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..suites.metrics import PairedComparison, paired_comparison
from .markdown import escape, table
from .quantities import BLANK, interval, p_value, signed

if TYPE_CHECKING:
    from .ranking import Ranking, Row

__all__ = ["COMPARISON_LEGEND", "Difference", "comparison_table", "differences"]


_SIGNIFICANT = 0.05

COMPARISON_LEGEND = (
    "Differences: mean over users of the difference in AUC × 100, paired user by user, with its bootstrap "
    "95 % interval and the p-value of Wilcoxon's signed-rank test, not corrected for the number of "
    "comparisons. Distinguishable: the interval does not hold zero and p < 0.05; unclear where only one of "
    "the two is so."
)


@dataclass(frozen=True)
class Difference:
    """One row's per-user AUC minus another's.

    Attributes:
        row: The row looked at.
        other: What it is compared with.
        why: "teacher" or "baseline".
        paired: Mean difference, its 95 % interval and the Wilcoxon p-value.
    """

    row: Row
    other: Row
    why: str
    paired: PairedComparison

    @property
    def shows(self) -> Literal["yes", "no", "unclear"]:
        """Whether there is a difference; unclear where the interval and the test disagree."""
        beyond_zero = self.paired.low > 0 or self.paired.high < 0
        if beyond_zero != (self.paired.p_value < _SIGNIFICANT):
            return "unclear"
        return "yes" if beyond_zero else "no"


def differences(ranking: Ranking) -> list[Difference]:
    """Each row against its teacher (its own if distilled, else the ranking's) and against its baseline."""
    found = []
    for row in ranking.rows:
        teacher = ranking.teacher_of(row) or ranking.teacher
        baseline = ranking.baseline_of(row) if row.distilled else None
        if baseline is teacher:  # a model of the student's own kind taught it
            baseline = None
        for other, why in ((teacher, "teacher"), (baseline, "baseline")):
            if other is not None and other is not row and ranking.users > 1:
                compared = paired_comparison(row.per_user("auc"), other.per_user("auc"))
                found.append(Difference(row, other, why, compared))
    return found


def comparison_table(ranking: Ranking) -> str:
    """The differences as markdown, or an empty text where there is nothing to compare."""
    rows = [
        {
            "Method": escape(difference.row.name),
            "against": escape(difference.other.name),
            "AUC difference": signed(difference.paired.difference),
            "95 % interval": interval(difference.paired.low, difference.paired.high) or BLANK,
            "Wilcoxon p": p_value(difference.paired.p_value),
            "Distinguishable": difference.shows,
        }
        for difference in differences(ranking)
    ]
    if not rows:
        return ""
    return table(rows, text_columns=2)
