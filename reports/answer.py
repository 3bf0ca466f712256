"""The answer first: how much of the teacher's quality each student keeps, and at what share of its cost.

What is claimed, and what is not:

- nothing of a row that is not told from a random order, beyond that;
- nothing of a method from one seed: the sentence is then about these weights, and says so;
- of a method from several seeds, only what holds for other users and another luck of training
  (`Difference.is_claimed`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..evaluation.metrics import best
from .answer_table import answer_table, costs_measured
from .costs import EVERY_USER, costs_of_rows, with_variants
from .difference_sentences import gain_sentence, gains_table, lead_clause, ndcg_sentence
from .differences import Difference, differences, scorer_differences
from .markdown import escape
from .quantities import counted, hundredfold
from .student_claims import (
    distillation_sentence,
    keeps_sentence,
    smallest_sentence,
    weak_teacher_sentence,
)
from .teacher_share import TeacherShare, share_of_its_teacher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .comparison_table import ComparisonTable
    from .costs import CostGroup
    from .table_rows import AnyRow, Row

__all__ = ["answer_section"]

_LEGEND = (
    "In parentheses the share of the teacher's. AUC × 100, means over users and seeds; in brackets the "
    "bootstrap 95 % interval of the paired difference, over users and seeds. Over seeds: the 95 % "
    "t-interval of the seeds' means, and their number. A random order has an AUC of 50, so a share of the "
    "AUC flatters a weak student: read the difference."
)

_ONE_SEED = "There is one seed: the intervals cover the choice of users, and not the luck of training."

_DECLARED = "What the suite declared to compare"
_ONE_STEP = "What one change to a method does, with the same model and recipe"

_MANY = 6
"""More comparisons of one kind are a table and no sentences."""


def answer_section(tables: Sequence[ComparisonTable], groups: Sequence[CostGroup]) -> str:
    """A table and a few sentences for each dataset and setting, generated from the records."""
    parts = [_answer(ranked, groups) for ranked in tables]
    if any(ranked.teacher for ranked in tables):
        parts.append(_LEGEND)
    if tables and all(len(row.seeds) < 2 for ranked in tables for row in ranked.rows):
        parts.append(_ONE_SEED)
    return "\n\n".join(parts)


def _answer(ranked: ComparisonTable, groups: Sequence[CostGroup]) -> str:
    title = f"**{escape(ranked.label)}, {counted(ranked.users, 'user')}.**"
    if ranked.teacher is None:
        return " ".join(
            [
                title,
                "None of these rows taught another, so nothing is said relative to a teacher.",
                *_highest(ranked.rows),
                *_at_chance(ranked),
            ]
        )
    found = costs_of_rows(ranked, groups)
    timed = found is not None and found.has_all(EVERY_USER)
    found = found and with_variants(found, ranked)
    costs = found.by_row if found else {}
    compared = differences(ranked)
    made_from = {d.row: d.other for d in compared if d.why == "variant"}
    kept = [
        share_of_its_teacher(d, costs, every_user=timed, fit=made_from.get(d.row))
        for d in compared
        if d.why == "teacher"
    ]
    if not kept:
        return f"{title} Only one user is among these records: there is nothing to compare."
    gains = [d for d in compared if (d.declared or d.why == "baseline") and d.above_chance]
    many = len(gains) > _MANY
    parts = [
        title,
        "\n".join(f"- {sentence}" for sentence in _sentences(ranked, kept, compared, gains, each=not many)),
        answer_table([*kept, *(share_of_its_teacher(d, costs) for d in scorer_differences(ranked))]),
        costs_measured(found) if ranked.cold is None else "",
        f"{_DECLARED if ranked.declared else _ONE_STEP}:\n\n{gains_table(gains)}" if many else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _sentences(
    ranked: ComparisonTable,
    kept: Sequence[TeacherShare],
    compared: Sequence[Difference],
    gains: Sequence[Difference],
    *,
    each: bool,
) -> list[str]:
    """What distillation did; each distilled student, or each one where none was; then what to beware of.

    The gains are told one by one if `each`. Where many are compared, what NDCG alone shows is said only
    where it carries a claim.
    """
    distilled = [k for k in kept if k.row.distilled] or kept
    in_ndcg = differences(ranked, "ndcg")
    return [
        *distillation_sentence(gains),
        *_leads(kept),
        *weak_teacher_sentence(kept),
        *smallest_sentence(kept),
        *(keeps_sentence(k) for k in distilled if len(distilled) <= _MANY and k.against.above_chance),
        *map(gain_sentence, gains if each else []),
        *(
            ndcg_sentence(ndcg, auc.shows)
            for auc, ndcg in zip(compared, in_ndcg, strict=True)
            if auc.above_chance and auc.shows != "yes" and ndcg.shows == "yes"
            if len(compared) <= _MANY or ndcg.stands_out
        ),
        *_at_chance(ranked),
    ]


def _highest(rows: Sequence[Row]) -> list[str]:
    """The row of the highest AUC, or those that share it, where one is told from a random order."""
    leaders = _leaders(rows)
    if not leaders or not leaders[0].beats_chance:
        return []
    return [f"The highest AUC is {_auc_of(leaders)}."]


def _leaders(rows: Sequence[AnyRow]) -> list[AnyRow]:
    """The rows whose AUC equals the highest."""
    leading = best([row.mean("auc") for row in rows]).tolist()
    return [row for row, leads in zip(rows, leading, strict=True) if leads]


def _auc_of(rows: Sequence[AnyRow]) -> str:
    """The one AUC of some rows, with their names."""
    return f"{hundredfold(rows[0].mean('auc'))} ({' and '.join(escape(row.name) for row in rows)})"


def _leads(kept: Sequence[TeacherShare]) -> list[str]:
    """Which of the methods comes first, where there is a choice."""
    against = {k.row.name: k.against for k in kept if not k.row.variant}
    leaders = _leaders([k.row for k in kept if not k.row.variant])
    if len(against) < 2 or not leaders or not leaders[0].beats_chance:
        return []
    told = [against[row.name] for row in leaders]
    beyond = ""
    if all(d.above_chance and d.paired.difference > 0 and d.shows == "yes" for d in told):
        beyond = lead_clause(max(told, key=lambda d: d.holm_p))
    return [f"Beside the teacher the highest AUC is {_auc_of(leaders)}{beyond}."]


def _at_chance(ranked: ComparisonTable) -> list[str]:
    return [
        f"{escape(row.name)} is not distinguishable from a random order (AUC {hundredfold(row.mean('auc'))})."
        if row.holds_chance
        else f"{escape(row.name)} ranks worse than a random order (AUC {hundredfold(row.mean('auc'))})."
        for row in ranked.rows
        if not row.beats_chance
    ]
