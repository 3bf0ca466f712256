"""Paired differences: each method against the teacher, and against what was declared or is one step away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ..evaluation.metrics import PairedComparison, crossed_p_value, holm, paired_comparison

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from .comparison_table import ComparisonTable
    from .table_rows import AnyRow, Row

__all__ = [
    "SIGNIFICANT",
    "Difference",
    "Shows",
    "claimed",
    "compared",
    "differences",
    "p_value_of",
    "scorer_differences",
    "shows",
]

SIGNIFICANT = 0.05

Shows = Literal["yes", "no", "unclear"]


@dataclass(frozen=True)
class Difference:
    """One row's metric minus another's, user by user and seed by seed.

    Attributes:
        row: The row looked at.
        other: What it is compared with.
        why: "teacher", "baseline", "declared" for any other pair that a suite declares, "variant" for what
            compression made of the other, or "scorer" for what nobody trained, against the table's teacher.
        paired: Mean difference, its intervals and its p-value, over users and seeds.
        metric: Of `table_rows.METRICS`.
        step: Of a baseline: what tells it from the row ("without contrastive").
        declared: Whether a suite declared the comparison before anything ran.
        holm_p: The p-value corrected (see `holm`) for the comparisons of its family in its table and metric,
            `among` of them: those that were declared, else those of its kind. NaN where it stands for itself.
        among: How many comparisons it is one of.
    """

    row: AnyRow
    other: Row
    why: str
    paired: PairedComparison
    metric: str = "auc"
    step: str = ""
    declared: bool = False
    holm_p: float = float("nan")
    among: int = 1

    @property
    def stands_out(self) -> bool:
        """Whether it shows, also as one of its family that was looked for."""
        return _stands_out(self.paired, self.holm_p)

    @property
    def is_claimed(self) -> bool:
        """Whether it is said of the method; see `claimed`."""
        return claimed(self.paired, self.holm_p)

    @property
    def shows(self) -> Shows:
        """Whether there is a difference; see `shows`."""
        return shows(self.paired)

    @property
    def seeds(self) -> int:
        """How many seeds it rests on."""
        return self.paired.seeds

    @property
    def above_chance(self) -> bool:
        """Whether both sides are told from a random order; where one is not, nothing is to be concluded."""
        return self.row.beats_chance and self.other.beats_chance


def claimed(paired: PairedComparison, holm_p: float) -> bool:
    """Whether a difference is said of a method, and not of the weights that it happened to give.

    This is the one place that says what a claim takes: an interval over users and seeds without zero, a
    p-value over both that is small also as one of its family, and a t-interval over the seeds alone without
    zero. The last keeps few seeds that happen to be alike from carrying a claim (see `paired_comparison`),
    and one seed from carrying any; that all seeds agree is not asked beside it.

    Args:
        paired: The comparison.
        holm_p: Its p-value with Holm's correction for its family.
    """
    return _stands_out(paired, holm_p) and (paired.seeds_low > 0 or paired.seeds_high < 0)


def _stands_out(paired: PairedComparison, holm_p: float) -> bool:
    return shows(paired) == "yes" and holm_p < SIGNIFICANT


def shows(paired: PairedComparison) -> Shows:
    """Whether there is a difference; unclear where the interval and the test disagree."""
    beyond_zero = paired.low > 0 or paired.high < 0
    if beyond_zero != (paired.p_value < SIGNIFICANT):
        return "unclear"
    return "yes" if beyond_zero else "no"


def compared(row: AnyRow, other: AnyRow, metric: str) -> PairedComparison:
    """Two rows of one table; fits of one seed are held against each other."""
    own, others, paired = _seed_by_seed(row, other, metric)
    return paired_comparison(own, others, paired_seeds=paired)


def p_value_of(row: AnyRow, other: AnyRow, metric: str) -> float:
    """The p-value of `compared` alone."""
    own, others, paired = _seed_by_seed(row, other, metric)
    return crossed_p_value(own, others, paired_seeds=paired)


def _seed_by_seed(
    row: AnyRow, other: AnyRow, metric: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Each row's metric by seed and user, and whether the seeds are paired.

    They are where both ran a seed, be it one; all that only one of them ran are left out, as the luck of an
    order and of a teacher is shared by fits of one seed alone. What nobody trained meets each seed.
    """
    own, others = row.per_seed(metric), other.per_seed(metric)
    if not row.seeds or not other.seeds:
        return own, others, True
    both = [seed for seed in row.seeds if seed in other.seeds]
    if not both:
        return own, others, False
    places, other_places = ([of.seeds.index(seed) for seed in both] for of in (row, other))
    return own[places], others[other_places], True


def differences(ranked: ComparisonTable, metric: str = "auc") -> list[Difference]:
    """Each row against its teacher (its own if distilled, else the table's), and against what was declared.

    Where no suite declared a comparison, in its place against the baselines, which are one step away. A
    variant is held against its fits.
    """
    if ranked.users < 2:
        return []
    found = []
    for row in dict.fromkeys([*ranked.rows, *(row for row, _ in ranked.declared)]):
        shown = row in ranked.rows  # else it is drawn as a point of a line, and compared as declared alone
        teacher = ranked.against(row) if shown else None
        steps = ranked.baselines_of(row) if shown else {}
        declared = ranked.declared_against(row)
        pairs: dict[Row, tuple[str, str]] = {}
        if row.variant or not ranked.declared:
            pairs = {other: ("variant" if row.variant else "baseline", step) for other, step in steps.items()}
        for other in declared:
            pairs[other] = ("baseline", steps[other]) if other in steps else ("declared", "")
        if teacher is not None and teacher is not row:
            pairs = {teacher: ("teacher", ""), **{k: v for k, v in pairs.items() if k is not teacher}}
        for other, (why, step) in pairs.items():
            paired = compared(row, other, metric)
            found.append(Difference(row, other, why, paired, metric, step, declared=other in declared))
    return _as_one_of_its_family(found)


def scorer_differences(ranked: ComparisonTable, metric: str = "auc") -> list[Difference]:
    """What nobody trained against the table's teacher, where there is one."""
    teacher = ranked.teacher
    if teacher is None or ranked.users < 2:
        return []
    return _as_one_of_its_family(
        [Difference(row, teacher, "scorer", compared(row, teacher, metric), metric) for row in ranked.scorers]
    )


def _as_one_of_its_family(found: Sequence[Difference]) -> list[Difference]:
    """The comparisons with p-values that are corrected for those declared with them, or of the same kind."""
    corrected: dict[int, Difference] = {}
    families = ["declared" if difference.declared else difference.why for difference in found]
    for family in set(families):
        places = [place for place, of in enumerate(families) if of == family]
        p_values = holm([found[place].paired.p_value for place in places]).tolist()
        for place, p_value in zip(places, p_values, strict=True):
            corrected[place] = replace(found[place], holm_p=p_value, among=len(places))
    return [corrected[place] for place in range(len(found))]
