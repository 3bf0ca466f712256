"""The paper's Table 5 with engines side by side: a row a model, and for each engine what it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .costs import EVERY_USER, LATENCY, configuration
from .markdown import Notes, escape, table
from .measured import cell, share_of_reference
from .quantities import BLANK

if TYPE_CHECKING:
    from ..suites.records import CostRecord
    from .costs import CostGroup

__all__ = ["engines_table"]

_COLUMNS = {
    EVERY_USER: "Time",
    "peak_memory": "Memory",
    LATENCY: "Latency",
    "score_latency": "From cached features",
}


def engines_table(group: CostGroup) -> str:
    """What each engine takes for the models that it ran, side by side; empty where there was one engine.

    Of a model that one engine ran several times, in several sessions, it shows the last.
    """
    engines = {_engine(record): None for record in sorted(group.records, key=_order)}
    if len(engines) < 2:
        return ""
    models: dict[tuple[str, str], dict[str, CostRecord]] = {}
    for record in group.records:
        models.setdefault((record.method, record.variant), {})[_engine(record)] = record
    taken = {
        name: {_engine(record) for record in group.records if name in record.measurements}
        for name in _COLUMNS
    }
    quantities = {name: heading for name, heading in _COLUMNS.items() if taken[name]}
    notes = Notes()
    rows = []
    for (method, variant), by_engine in models.items():
        first = next(iter(by_engine.values()))
        row = {
            "Model": escape(f"{method} · {variant}" if variant else method),
            "# Params": cell(first, "parameters", notes),
            "Ratio": share_of_reference(first, group, "parameters"),
        }
        for name, heading in quantities.items():
            for engine in engines:
                if engine in taken[name]:
                    record = by_engine.get(engine)
                    row[f"{heading}, {engine}"] = cell(record, name, notes) if record else BLANK
        rows.append(row)
    legend = "Engines side by side: medians."
    if EVERY_USER in quantities:
        legend += " Time: of recommending to every user."
    if "score_latency" in quantities:
        legend += " Latency: of one request, from its items themselves, and from their cached features."
    return "\n\n".join(filter(None, [table(rows), legend, str(notes)]))


def _order(record: CostRecord) -> tuple[bool, str]:
    """PyTorch first, as the paper has it."""
    return record.engine != "torch", _engine(record)


def _engine(record: CostRecord) -> str:
    return escape(configuration(record).runner)
