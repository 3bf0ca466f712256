"""The answer first: how much of the teacher's quality each student keeps, and at what share of its cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .comparison import Difference, differences
from .costs import costs_of_rows, machine_label
from .markdown import BLANK, counted, escape, hundredfold, interval, quantity, signed, table
from .sampled import LATENCY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..suites.records import CostRecord
    from .costs import CostGroup, RowCosts
    from .ranking import Ranking, Row

__all__ = ["answer_section"]


def answer_section(rankings: Sequence[Ranking], groups: Sequence[CostGroup]) -> str:
    """A table and a few sentences for each dataset and setting, generated from the records."""
    parts = [_answer(ranking, groups) for ranking in rankings]
    if any(ranking.teacher for ranking in rankings):
        parts.append(_LEGEND)
        if all(len(row.seeds) == 1 for ranking in rankings for row in ranking.rows):
            parts.append("One seed a row: the intervals cover the choice of users, not the luck of training.")
    return "\n\n".join(parts)


_LEGEND = (
    "In parentheses the share of the teacher's. AUC × 100, means over users; in brackets bootstrap 95 % "
    "intervals of the paired difference. A random order has an AUC of 50, so a share of the AUC flatters a "
    "weak student: read the difference."
)


@dataclass(frozen=True)
class _Kept:
    """What a row keeps of the teacher's AUC, and at what cost.

    Attributes:
        row: The student.
        against: Its paired difference from the teacher.
        latency: Its median and the teacher's, in seconds, or None.
        latencies_overlap: Whether the intervals of the two medians overlap.
    """

    row: Row
    against: Difference
    latency: tuple[float, float] | None
    latencies_overlap: bool

    @property
    def quality(self) -> float:
        """Share of the teacher's AUC."""
        return self.row.mean("auc") / self.against.other.mean("auc")

    @property
    def size(self) -> float:
        """Share of the teacher's parameters."""
        return self.row.parameters / self.against.other.parameters


def _answer(ranking: Ranking, groups: Sequence[CostGroup]) -> str:
    title = f"**{escape(ranking.dataset)}, {escape(ranking.setting)} negatives.**"
    if ranking.teacher is None:
        best = max(ranking.rows, key=lambda row: row.mean("auc"))
        leads = f" The highest AUC is {hundredfold(best.mean('auc'))} ({escape(best.name)})."
        return f"{title} No teacher is among these records, so nothing is said relative to one.{leads}"
    found = costs_of_rows(ranking, groups)
    costs = found.by_row if found else {}
    compared = differences(ranking)
    kept = [_kept(difference, costs) for difference in compared if difference.why == "teacher"]
    if not kept:
        return (
            f"{title} Only the teacher or only one user is among these records: there is nothing to compare."
        )
    parts = [
        title,
        _sentences(kept, compared),
        _table(kept),
        _latency(found),
    ]
    return "\n\n".join(parts)


def _kept(difference: Difference, costs: Mapping[str, CostRecord]) -> _Kept:
    own, teacher = costs.get(difference.row.name), costs.get(difference.other.name)
    if own is None or teacher is None:
        return _Kept(difference.row, difference, None, False)
    a, b = own.measurements[LATENCY], teacher.measurements[LATENCY]
    (a_low, a_high), (b_low, b_high) = a.median_interval(), b.median_interval()
    return _Kept(difference.row, difference, (a.median, b.median), a_low <= b_high and b_low <= a_high)


def _sentences(kept: Sequence[_Kept], compared: Sequence[Difference]) -> str:
    """A list: a sentence for each distilled student, or for each student where none was distilled."""
    distilled = [k for k in kept if k.row.distilled]
    text = [_keeps(k) for k in distilled or kept]
    text += [_gains(d) for d in compared if d.why == "baseline"]
    return "\n".join(f"- {sentence}" for sentence in text)


def _keeps(kept: _Kept) -> str:
    against = kept.against
    within = interval(against.paired.low, against.paired.high)
    verdict = "" if against.distinguishable else ", not distinguishable from zero"
    cost = f"{_percent(kept.size)} of its parameters"
    if kept.latency is not None:
        hedge = " (the intervals of the two latencies overlap)" if kept.latencies_overlap else ""
        cost += f" and {_percent(kept.latency[0] / kept.latency[1])} of its latency{hedge}"
    return (
        f"{escape(kept.row.name)} keeps {_percent(kept.quality)} of the AUC of {escape(against.other.name)} "
        f"({hundredfold(kept.row.mean('auc'))} of {hundredfold(against.other.mean('auc'))}; difference "
        f"{signed(against.paired.difference)} {within}{verdict}) at {cost}."
    )


def _gains(difference: Difference) -> str:
    paired = difference.paired
    name, other = escape(difference.row.name), escape(difference.other.name)
    seeds = min(len(difference.row.seeds), len(difference.other.seeds))
    basis = f"{signed(paired.difference)} {interval(paired.low, paired.high)}, {counted(seeds, 'seed')}"
    if not difference.distinguishable:
        return f"Between {name} and {other}, the same model without a teacher, no difference shows ({basis})."
    verb = "raised" if paired.difference > 0 else "lowered"
    return (
        f"Distillation {verb} the AUC of {name} against {other}, the same model without a teacher ({basis})."
    )


def _table(kept: Sequence[_Kept]) -> str:
    return table(
        [
            {
                "Student": escape(k.row.name),
                "Teacher": escape(k.against.other.name),
                "AUC kept": _percent(k.quality),
                "AUC difference": signed(k.against.paired.difference)
                + f" {interval(k.against.paired.low, k.against.paired.high)}",
                "Parameters": f"{quantity(k.row.parameters, '1')} ({_percent(k.size)})",
                "Latency": f"{quantity(k.latency[0], 's')} ({_percent(k.latency[0] / k.latency[1])})"
                if k.latency
                else BLANK,
            }
            for k in kept
        ],
        text_columns=2,
    )


def _latency(found: RowCosts | None) -> str:
    """Where and how the latency was measured."""
    if found is None:
        return "No latency was measured for these models."
    return (
        f"Latency: median of one request, {found.configuration}, on "
        f"{escape(machine_label(found.group.machine))}. Methods that share a model share its latency."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
