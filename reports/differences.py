"""Paired differences: each method against the teacher, and each distilled one against its baselines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..evaluation.metrics import PairedComparison, exceeds, holm, paired_comparison

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .comparison_table import ComparisonTable
    from .table_rows import AnyRow, Row

__all__ = ["Difference", "Shows", "differences", "scorer_differences", "shows"]

_SIGNIFICANT = 0.05

Shows = Literal["yes", "no", "unclear"]


@dataclass(frozen=True)
class Difference:
    """One row's per-user metric minus another's.

    Attributes:
        row: The row looked at.
        other: What it is compared with.
        why: "teacher", "baseline", "variant" for what compression made of the other, or "scorer" for what
            nobody trained, against the table's teacher.
        paired: Mean difference, its 95 % interval and the Wilcoxon p-value.
        metric: Of `table_rows.METRICS`.
        step: Of a baseline: what tells it from the row ("without contrastive").
        holm_p: The Wilcoxon p-value corrected (see `holm`) for the comparisons of its kind in its table and
            metric, `among` of them; NaN where it stands for itself.
        among: How many comparisons it is one of.
    """

    row: AnyRow
    other: Row
    why: str
    paired: PairedComparison
    metric: str = "auc"
    step: str = ""
    holm_p: float = float("nan")
    among: int = 1

    @property
    def stands_out(self) -> bool:
        """Whether it shows, also as one of its kind that was looked for."""
        return self.shows == "yes" and self.holm_p < _SIGNIFICANT

    @property
    def is_claimed(self) -> bool:
        """Whether it is said of the method: it stands out, and the seeds carry it."""
        return self.stands_out and self.seeds_carry

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
        """Whether every seed says that the same side is better.

        Fits of one seed began alike, and a variant was made of its own fit, so they are held against each
        other. Only where the two sides have other seeds is each held against every one of the other side.
        """
        own, others = self.row.means(self.metric), self.other.means(self.metric)
        if self.row.seeds == self.other.seeds:
            return bool(np.all(exceeds(own, others)) or np.all(exceeds(others, own)))
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
        teacher = ranked.against(row)
        why = "variant" if row.variant else "baseline"
        pairs = [(teacher, "teacher", "")]
        pairs += [
            (other, why, step) for other, step in ranked.baselines_of(row).items() if other is not teacher
        ]
        for other, why, step in pairs:
            if other is not None and other is not row and ranked.users > 1:
                compared = paired_comparison(row.per_user(metric), other.per_user(metric))
                found.append(Difference(row, other, why, compared, metric, step))
    return _as_one_of_its_kind(found)


def scorer_differences(ranked: ComparisonTable, metric: str = "auc") -> list[Difference]:
    """What nobody trained against the table's teacher, where there is one."""
    teacher = ranked.teacher
    if teacher is None or ranked.users < 2:
        return []
    return _as_one_of_its_kind(
        [
            Difference(
                row,
                teacher,
                "scorer",
                paired_comparison(row.per_user(metric), teacher.per_user(metric)),
                metric,
            )
            for row in ranked.scorers
        ]
    )


def _as_one_of_its_kind(found: Sequence[Difference]) -> list[Difference]:
    """The comparisons with the p-values that are corrected for those of the same kind."""
    corrected: dict[int, Difference] = {}
    for kind in {difference.why for difference in found}:
        places = [place for place, difference in enumerate(found) if difference.why == kind]
        p_values = holm([found[place].paired.p_value for place in places]).tolist()
        for place, p_value in zip(places, p_values, strict=True):
            corrected[place] = replace(found[place], holm_p=p_value, among=len(places))
    return [corrected[place] for place in range(len(found))]
