"""Paired differences: each method against the teacher, and each distilled one against its baselines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..evaluation.metrics import PairedComparison, exceeds, paired_comparison
from .markdown import escape, table
from .quantities import BLANK, interval, p_value, signed
from .table_rows import METRICS, AnyRow, Row

if TYPE_CHECKING:
    from .comparison_table import ComparisonTable

__all__ = [
    "DIFFERENCES_LEGEND",
    "Difference",
    "Shows",
    "differences",
    "differences_table",
    "scorer_differences",
    "shows",
]

_SIGNIFICANT = 0.05

Shows = Literal["yes", "no", "unclear"]

_COMPARED = ("auc", "ndcg")
"""The paper's two metrics."""

DIFFERENCES_LEGEND = (
    "Differences: mean over users of the difference × 100, paired user by user, with its bootstrap 95 % "
    "interval and the p-value of Wilcoxon's signed-rank test, not corrected for the number of comparisons. "
    "Distinguishable: the interval does not hold zero and p < 0.05; unclear where only one of the two is so. "
    "That speaks of these weights and other users; the luck of training is seen by the seeds alone."
)


@dataclass(frozen=True)
class Difference:
    """One row's per-user metric minus another's.

    Attributes:
        row: The row looked at.
        other: What it is compared with.
        why: "teacher", "baseline", "variant" for what compression made of the other, or "scorer" for what
            nobody trained, against the table's teacher.
        paired: Mean difference, its 95 % interval and the Wilcoxon p-value.
        metric: Of `METRICS`.
        step: Of a baseline: what tells it from the row ("without contrastive").
    """

    row: AnyRow
    other: Row
    why: str
    paired: PairedComparison
    metric: str = "auc"
    step: str = ""

    @property
    def shows(self) -> Shows:
        """Whether there is a difference; see `shows`."""
        return shows(self.paired)

    @property
    def seeds(self) -> int:
        """How many seeds each side has at least."""
        return min(len(self.row.seeds), len(self.other.seeds))

    @property
    def above_chance(self) -> bool:
        """Whether both sides are told from a random order; where one is not, nothing is to be concluded."""
        return self.row.beats_chance and self.other.beats_chance

    @property
    def seeds_agree(self) -> bool:
        """Whether every seed of the one lies on the same side of every seed of the other."""
        own, others = self.row.means(self.metric), self.other.means(self.metric)
        return bool(exceeds(min(own), max(others)) or exceeds(min(others), max(own)))

    @property
    def seeds_carry(self) -> bool:
        """Whether the seeds carry a claim about the method: there are several, and they agree."""
        return self.seeds > 1 and self.seeds_agree


def shows(paired: PairedComparison) -> Shows:
    """Whether there is a difference; unclear where the interval and the test disagree."""
    beyond_zero = paired.low > 0 or paired.high < 0
    if beyond_zero != (paired.p_value < _SIGNIFICANT):
        return "unclear"
    return "yes" if beyond_zero else "no"


def differences(ranked: ComparisonTable, metric: str = "auc") -> list[Difference]:
    """Each row against its teacher (its own if distilled, else the table's) and its baselines or its fits."""
    found = []
    for row in ranked.rows:
        teacher = ranked.teacher_of(row) or ranked.teacher
        why = "variant" if row.variant else "baseline"
        pairs = [(teacher, "teacher", "")]
        pairs += [
            (other, why, step) for other, step in ranked.baselines_of(row).items() if other is not teacher
        ]
        for other, why, step in pairs:
            if other is not None and other is not row and ranked.users > 1:
                compared = paired_comparison(row.per_user(metric), other.per_user(metric))
                found.append(Difference(row, other, why, compared, metric, step))
    return found


def scorer_differences(ranked: ComparisonTable, metric: str = "auc") -> list[Difference]:
    """What nobody trained against the table's teacher, where there is one."""
    teacher = ranked.teacher
    if teacher is None or ranked.users < 2:
        return []
    return [
        Difference(
            row,
            teacher,
            "scorer",
            paired_comparison(row.per_user(metric), teacher.per_user(metric)),
            metric,
        )
        for row in ranked.scorers
    ]


def differences_table(ranked: ComparisonTable) -> str:
    """The differences as markdown, or an empty text where there is nothing to compare."""
    by_metric = [[*differences(ranked, metric), *scorer_differences(ranked, metric)] for metric in _COMPARED]
    rows = [
        {
            "Method": escape(difference.row.name),
            "against": escape(difference.other.name),
            "which is": escape(difference.step) or "the teacher",
            "Metric": METRICS[difference.metric],
            "Difference": signed(difference.paired.difference),
            "95 % interval": interval(difference.paired.low, difference.paired.high) or BLANK,
            "Wilcoxon p": p_value(difference.paired.p_value),
            "Distinguishable": difference.shows,
        }
        for of_one_pair in zip(*by_metric, strict=True)
        for difference in of_one_pair
    ]
    if not rows:
        return ""
    return table(rows, text_columns=4)
