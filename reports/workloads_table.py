"""What other workloads measured than the paper's Table 5 and a request ask for: a table for each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .costs import configuration, sampled
from .markdown import Notes, code, escape, table
from .measured import cell, named
from .quantities import quantity

if TYPE_CHECKING:
    from ..suites.records import CostRecord
    from .costs import CostGroup

__all__ = ["workloads_tables"]

_SHOWN_ELSEWHERE = {"start", "request", "batch", "batch-memory", "encode", "recommend"}
"""Workloads whose quantities have tables of their own."""

_HEADINGS = {
    "score_latency": "One outfit",
    "score_outfits_latency": "Several outfits of one user",
    "outfits_latency": "Several outfits of one user",
}
"""Of quantities whose names say less than a reader needs."""

_LEGEND = (
    "Medians; in parentheses the 99th percentile of what was sampled 100 times or more. What a workload asks "
    "for says `outfitbench list workloads`; how many outfits are several, the session's effort."
)


def workloads_tables(group: CostGroup) -> str:
    """A table for each workload, in the order of their names; empty where there is none to show."""
    workloads = sorted({record.workload for record in group.taken} - _SHOWN_ELSEWHERE)
    parts = [_table(workload, group) for workload in workloads]
    return "\n\n".join([*parts, _LEGEND] if parts else [])


def _table(workload: str, group: CostGroup) -> str:
    records = sorted(
        (record for record in group.taken if record.workload == workload),
        key=lambda record: (configuration(record), record.method, record.variant, record.date, record.trial),
    )
    quantities = list(dict.fromkeys(name for record in records for name in record.measurements))
    notes = Notes()
    rows = [
        named(record, group) | {_heading(name): _cell(record, name, notes) for name in quantities}
        for record in records
    ]
    return "\n\n".join(filter(None, [f"{code(workload)}:", table(rows, text_columns=2), str(notes)]))


def _heading(name: str) -> str:
    """A quantity as a heading: "score_latency" is "Score latency"."""
    return escape(_HEADINGS.get(name) or name.replace("_", " ").capitalize())


def _cell(record: CostRecord, name: str, notes: Notes) -> str:
    written, measured = cell(record, name, notes), sampled(record, name)
    if measured is None or measured.unit != "s" or math.isnan(tail := measured.tail(0.99)):
        return written
    return f"{written} ({quantity(tail, measured.unit)})"
