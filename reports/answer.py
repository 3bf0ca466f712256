"""The answer first: how much of the teacher's quality each student keeps, and at what share of its cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..suites.metrics import bootstrap_interval
from .comparison import Difference, differences
from .costs import costs_of_rows, machine_label
from .keeping import Kept, keeping
from .markdown import escape, table
from .quantities import BLANK, counted, hundredfold, interval, p_value, quantity, share, signed
from .sampled import LATENCY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .costs import CostGroup, RowCosts
    from .ranking import Ranking, Row

__all__ = ["answer_section"]

_CHANCE = 0.5
"""The AUC of a random order."""

_LEGEND = (
    "In parentheses the share of the teacher's. AUC × 100, means over users; in brackets bootstrap 95 % "
    "intervals of the paired difference. A random order has an AUC of 50, so a share of the AUC flatters a "
    "weak student: read the difference."
)

_COVERED = (
    "An interval covers the choice of users, not the luck of training; seeds are averaged user by user."
)


def answer_section(rankings: Sequence[Ranking], groups: Sequence[CostGroup]) -> str:
    """A table and a few sentences for each dataset and setting, generated from the records."""
    parts = [_answer(ranking, groups) for ranking in rankings]
    if any(ranking.teacher for ranking in rankings):
        parts.append(_LEGEND)
        parts.append(_COVERED)
    return "\n\n".join(parts)


def _answer(ranking: Ranking, groups: Sequence[CostGroup]) -> str:
    users = counted(ranking.users, "user")
    title = f"**{escape(ranking.dataset)}, {escape(ranking.setting)} negatives, {users}.**"
    if ranking.teacher is None:
        best = max(ranking.rows, key=lambda row: row.mean("auc"))
        leads = f" The highest AUC is {hundredfold(best.mean('auc'))} ({escape(best.name)})."
        return f"{title} No teacher is among these records, so nothing is said relative to one.{leads}"
    found = costs_of_rows(ranking, groups)
    costs = found.by_row if found else {}
    compared = differences(ranking)
    kept = [keeping(difference, costs) for difference in compared if difference.why == "teacher"]
    if not kept:
        return (
            f"{title} Only the teacher or only one user is among these records: there is nothing to compare."
        )
    parts = [
        title,
        "\n".join(f"- {sentence}" for sentence in _sentences(ranking, kept, compared)),
        _table(kept),
        _latency(found),
    ]
    return "\n\n".join(parts)


def _sentences(ranking: Ranking, kept: Sequence[Kept], compared: Sequence[Difference]) -> list[str]:
    """One for each distilled student, or for each one where none was distilled; then what to beware of."""
    distilled = [k for k in kept if k.row.distilled]
    keeps = [_keeps(k) for k in distilled or kept]
    gains = [_gains(d) for d in compared if d.why == "baseline"]
    return [
        *_leads(kept),
        *keeps,
        *gains,
        *(_no_better_than_chance(row) for row in ranking.rows if _holds_chance(row)),
    ]


def _leads(kept: Sequence[Kept]) -> list[str]:
    """Which row comes first, where there is a choice."""
    best = max(kept, key=lambda k: k.row.mean("auc"))
    if len(kept) < 2:
        return []
    ahead = best.against.paired.difference > 0 and best.against.shows == "yes"
    beyond = ", distinguishably above the teacher's" if ahead else ""
    highest = f"{hundredfold(best.row.mean('auc'))} ({escape(best.row.name)})"
    return [f"Beside the teacher the highest AUC is {highest}{beyond}."]


def _keeps(kept: Kept) -> str:
    against = kept.against
    within = interval(against.paired.low, against.paired.high)
    verdict = {
        "yes": "",
        "no": ", not distinguishable from zero",
        "unclear": f", unclear with Wilcoxon p {p_value(against.paired.p_value)}",
    }[against.shows]
    cost = f"{share(kept.size)} of its parameters"
    if kept.latency is not None:
        hedge = " (the intervals of the two latencies overlap)" if kept.latencies_overlap else ""
        cost += f" and {share(kept.latency_share)} of its latency{hedge}"
    return (
        f"{escape(kept.row.name)} keeps {share(kept.quality)} of the AUC of {escape(against.other.name)} "
        f"({hundredfold(kept.row.mean('auc'))} of {hundredfold(against.other.mean('auc'))}; difference "
        f"{signed(against.paired.difference)} {within}{verdict}) at {cost}."
    )


def _holds_chance(row: Row) -> bool:
    low, high = bootstrap_interval(row.per_user("auc"))
    return low <= _CHANCE <= high


def _no_better_than_chance(row: Row) -> str:
    return (
        f"{escape(row.name)} is not distinguishable from a random order (AUC {hundredfold(row.mean('auc'))})."
    )


def _gains(difference: Difference) -> str:
    paired = difference.paired
    name, other = escape(difference.row.name), escape(difference.other.name)
    seeds = min(len(difference.row.seeds), len(difference.other.seeds))
    basis = f"{signed(paired.difference)} {interval(paired.low, paired.high)}, {counted(seeds, 'seed')}"
    if difference.shows == "no":
        return f"Between {name} and {other}, the same model without a teacher, no difference shows ({basis})."
    if difference.shows == "unclear":
        doubt = f"{basis}, Wilcoxon p {p_value(paired.p_value)}"
        return f"Whether distillation made {name} differ from {other}, the same model, is unclear ({doubt})."
    verb = "raised" if paired.difference > 0 else "lowered"
    return (
        f"Distillation {verb} the AUC of {name} against {other}, the same model without a teacher ({basis})."
    )


def _table(kept: Sequence[Kept]) -> str:
    return table(
        [
            {
                "Method": escape(k.row.name),
                "Against": escape(k.against.other.name),
                "AUC kept": share(k.quality),
                "AUC difference": signed(k.against.paired.difference)
                + f" {interval(k.against.paired.low, k.against.paired.high)}",
                "Parameters": f"{quantity(k.row.parameters, '1')} ({share(k.size)})",
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
    return (
        f"Latency: median of one request, {found.configuration}, on "
        f"{escape(machine_label(found.group.machine))}; its share is the median of the ratios turn by turn. "
        f"Methods that share a model share its latency.{doubt}"
    )
