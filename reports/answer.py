"""The answer first: how much of the teacher's quality each student keeps, and at what share of its cost.

What is claimed, and what is not:

- nothing of a row that is not told from a random order, beyond that;
- nothing of a method from one seed: the sentence is then about these weights, and says so;
- of a method from several seeds, only what the users and every seed agree on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..evaluation.metrics import best
from .claims import (
    SEEDS_RULE,
    gain_sentence,
    gains_table,
    lead_clause,
    ndcg_sentence,
    seeds_agreement,
    seeds_clause,
)
from .costs import LATENCY, costs_of_rows, machine_label
from .differences import Difference, differences, scorer_differences
from .markdown import escape, table
from .quantities import BLANK, counted, hundredfold, interval, p_value, quantity, share, signed
from .teacher_share import TeacherShare, share_of_its_teacher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .comparison_table import ComparisonTable
    from .costs import CostGroup, RowCosts
    from .table_rows import AnyRow, Row

__all__ = ["answer_section"]

_LEGEND = (
    "In parentheses the share of the teacher's. AUC × 100, means over users; in brackets bootstrap 95 % "
    "intervals of the paired difference. A random order has an AUC of 50, so a share of the AUC flatters a "
    "weak student: read the difference."
)

_COVERED = (
    "An interval covers the choice of users, not the luck of training; seeds are averaged user by user. "
    f"{SEEDS_RULE}"
)


_MANY = 6
"""More comparisons of one kind are a table and no sentences."""


def answer_section(tables: Sequence[ComparisonTable], groups: Sequence[CostGroup]) -> str:
    """A table and a few sentences for each dataset and setting, generated from the records."""
    parts = [_answer(ranked, groups) for ranked in tables]
    if any(ranked.teacher for ranked in tables):
        parts.append(_LEGEND)
        parts.append(_COVERED)
    return "\n\n".join(parts)


def _answer(ranked: ComparisonTable, groups: Sequence[CostGroup]) -> str:
    title = f"**{escape(ranked.label)}, {counted(ranked.users, 'user')}.**"
    if ranked.teacher is None:
        return " ".join(
            [
                title,
                "No teacher is among these records, so nothing is said relative to one.",
                *_highest(ranked.rows),
                *_at_chance(ranked),
            ]
        )
    found = costs_of_rows(ranked, groups)
    costs = found.by_row if found else {}
    compared = differences(ranked)
    kept = [share_of_its_teacher(difference, costs) for difference in compared if difference.why == "teacher"]
    if not kept:
        return f"{title} Only one user is among these records: there is nothing to compare."
    gains = [d for d in compared if d.why == "baseline" and d.above_chance]
    many = len(gains) > _MANY
    parts = [
        title,
        "\n".join(f"- {sentence}" for sentence in _sentences(ranked, kept, compared, [] if many else gains)),
        _table([*kept, *(share_of_its_teacher(d, costs) for d in scorer_differences(ranked))]),
        _latency(found),
        f"What one change to a method does, with the same model and recipe:\n\n{gains_table(gains)}"
        if many
        else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _sentences(
    ranked: ComparisonTable,
    kept: Sequence[TeacherShare],
    compared: Sequence[Difference],
    gains: Sequence[Difference],
) -> list[str]:
    """One for each distilled student, or for each one where none was distilled; then what to beware of."""
    distilled = [k for k in kept if k.row.distilled] or kept
    in_ndcg = differences(ranked, "ndcg")
    return [
        *_leads(kept),
        *(_keeps(k) for k in distilled if len(distilled) <= _MANY and k.against.above_chance),
        *map(gain_sentence, gains),
        *(
            ndcg_sentence(ndcg, auc.shows)
            for auc, ndcg in zip(compared, in_ndcg, strict=True)
            if auc.above_chance and auc.shows != "yes" and ndcg.shows == "yes"
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


def _keeps(kept: TeacherShare) -> str:
    against = kept.against
    within = interval(against.paired.low, against.paired.high)
    verdict = {
        "yes": "",
        "no": ", not distinguishable from zero",
        "unclear": f", unclear with Wilcoxon p {p_value(against.paired.p_value)}",
    }[against.shows]
    cost = f"{share(kept.size)} of its parameters"
    if kept.latency_share == kept.latency_share:  # not NaN
        hedge = " (the intervals of the two latencies overlap)" if kept.latencies_overlap else ""
        cost += f" and {share(kept.latency_share)} of its latency{hedge}"
    return (
        f"{escape(kept.row.name)} keeps {share(kept.quality)} of the AUC of {escape(against.other.name)} "
        f"({hundredfold(kept.row.mean('auc'))} of {hundredfold(against.other.mean('auc'))}; difference "
        f"{signed(against.paired.difference)} {within}{verdict}; {seeds_clause(against)}) at {cost}."
    )


def _at_chance(ranked: ComparisonTable) -> list[str]:
    return [
        f"{escape(row.name)} is not distinguishable from a random order (AUC {hundredfold(row.mean('auc'))})."
        if row.holds_chance
        else f"{escape(row.name)} ranks worse than a random order (AUC {hundredfold(row.mean('auc'))})."
        for row in ranked.rows
        if not row.beats_chance
    ]


def _table(kept: Sequence[TeacherShare]) -> str:
    return table(
        [
            {
                "Method": escape(k.row.name),
                "Against": escape(k.against.other.name),
                "AUC kept": share(k.quality),
                "AUC difference": signed(k.against.paired.difference)
                + f" {interval(k.against.paired.low, k.against.paired.high)}",
                "Seeds": seeds_agreement(k.against),
                "Parameters": BLANK
                if k.row.parameters is None
                else f"{quantity(k.row.parameters, '1')} ({share(k.size)})",
                "Latency": f"{quantity(k.latency, 's')} ({share(k.latency_share)})" if k.latency else BLANK,
            }
            for k in kept
        ],
        text_columns=2,
    )


def _latency(found: RowCosts | None) -> str:
    """Where and how the latency was measured."""
    if found is None:
        return "No latency was measured for these models."
    flags = {flag for r in found.by_row.values() for flag in (*r.flags, *r.measurements[LATENCY].flags)}
    doubt = f" To be read with care: {escape('; '.join(sorted(flags)))}." if flags else ""
    dates = " and ".join(sorted({escape(record.date) for record in found.by_row.values()}))
    return (
        f"Latency: median of one request, {escape(str(found.configuration))}, on "
        f"{escape(machine_label(found.group.machine))}, taken {dates} in one session; its share is the "
        f"median of the ratios turn by turn. Methods that share a model share its latency.{doubt}"
    )
