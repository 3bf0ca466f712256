"""Which model to ship: the front of AUC against each cost, and who beats whom in everything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .choices import Choice, Choices, choices_of
from .cost_quantities import COST_QUANTITIES, CostQuantity
from .costs import machine_label
from .markdown import Notes, escape, table
from .measured import told_flags
from .quantities import counted, hundredfold, quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..suites.records import VariantRecord
    from .comparison_table import ComparisonTable
    from .costs import CostGroup

__all__ = ["front_section"]

_SHOWN = tuple(COST_QUANTITIES[name] for name in ("latency", "cached-latency", "memory", "file", "energy"))

_LEGEND = (
    "Each row is a method as one engine runs it. **Bold**: on the front of AUC against this cost, where no "
    "other is as good and cheaper, or as cheap and better. Beaten is what another is nowhere worse than, in "
    "AUC and in every cost shown, and somewhere better; it is named under the best of those. Fronts go by "
    "the means; the table of quality says whether two AUCs can be told apart."
)


def front_section(
    tables: Sequence[ComparisonTable], groups: Sequence[CostGroup], variants: Sequence[VariantRecord] = ()
) -> str:
    """A table for each dataset, setting and machine, with its fronts; empty where quality has no costs."""
    parts = [_front(choices) for ranked in tables for choices in choices_of(ranked, groups, variants)]
    return "\n\n".join([*parts, _LEGEND] if parts else [])


def _front(choices: Choices) -> str:
    measured = [q for q in _SHOWN if any(not math.isnan(q.of(choice.record)) for choice in choices.each)]
    fronts = {q: choices.front(q) for q in measured}
    notes = Notes()
    beaten: dict[Choice, list[Choice]] = {}
    rows = []
    for choice in choices.each:
        if (dominator := choices.dominator(choice, measured)) is not None:
            beaten.setdefault(dominator, []).append(choice)
            continue
        rows.append(
            {
                "Method": escape(choice.row.name)
                + (notes.mark(escape("; ".join(choice.flags))) if choice.flags else ""),
                "Run by": escape(str(choice.configuration)),
                "AUC": hundredfold(choice.row.mean("auc")),
                **{q.heading: _cell(choice, q, notes, on_front=choice in fronts[q]) for q in measured},
            }
        )
    where = escape(f"{choices.ranked.label}, on {machine_label(choices.group.machine)}")
    lines = [_sentence(q, front, len(choices.each)) for q, front in fronts.items()]
    lines += [_beaten(dominator, losers) for dominator, losers in beaten.items()]
    parts = [f"### {where}", table(rows, text_columns=2), str(notes), "\n".join(lines)]
    return "\n\n".join(part for part in parts if part)


def _beaten(dominator: Choice, losers: Sequence[Choice]) -> str:
    """Whom one beats, engine by engine."""
    names: dict[str, list[str]] = {}
    for choice in losers:
        names.setdefault(str(choice.configuration), []).append(choice.row.name)
    told = "; ".join(f"in {running}: {', '.join(rows)}" for running, rows in names.items())
    return f"- Beaten by {escape(dominator.label)}: {escape(told)}."


def _cell(choice: Choice, cost: CostQuantity, notes: Notes, *, on_front: bool) -> str:
    written = quantity(cost.of(choice.record), cost.unit)
    flags = cost.flags(choice.record)
    mark = notes.mark(told_flags(flags)) if flags else ""
    return (f"**{written}**" if on_front else written) + mark


def _sentence(cost: CostQuantity, front: Sequence[Choice], rows: int) -> str:
    steps = [
        f"{escape(choice.label)} ({quantity(cost.of(choice.record), cost.unit)}, AUC "
        f"{hundredfold(choice.row.mean('auc'))})"
        for choice in front
    ]
    kept = f"{len(front)} of {counted(rows, 'row')}"
    return f"- AUC against {cost.heading.lower()}, {kept}: {', then '.join(steps)}."
