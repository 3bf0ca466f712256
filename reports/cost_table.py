"""The cost tables: the paper's Table 5, extended by engine and device, and the latency of one request."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..suites.records import CostRecord
from .costs import CostGroup, configuration, machine_label
from .markdown import BLANK, Notes, escape, quantity, table
from .measured import FILE_SIZE, FLOPS, LATENCY, MEMORY, PARAMETERS, RECOMMEND, THROUGHPUT, cell, of, tail

__all__ = ["cost_section"]


def cost_section(groups: Sequence[CostGroup], teachers: frozenset[str]) -> str:
    """One pair of tables a machine and dataset.

    Args:
        groups: What was measured.
        teachers: Names of models that taught; costs are given relative to theirs.
    """
    parts = []
    if len(groups) > 1:
        parts.append(
            "Costs of different machines, versions, datasets or measuring rules stand in tables of their own."
        )
    for group in groups:
        subject = f"for {escape(group.dataset)}" if group.dataset else "for no dataset in particular"
        rules = f"measuring rules version {group.evaluator_version}"
        parts.append(
            f"### Measured {subject} on {escape(machine_label(group.machine))}\n\n{rules.capitalize()}."
        )
        parts.append(_efficiency(group, teachers))
        parts.append(_requests(group, teachers))
    return "\n\n".join(parts)


def _efficiency(group: CostGroup, teachers: frozenset[str]) -> str:
    notes = Notes()
    rows = [
        _named(record, notes)
        | {
            "Time": cell(record, RECOMMEND, notes, spread=True),
            "Memory": cell(record, MEMORY, notes),
            "# Params": cell(record, PARAMETERS, notes),
            "Ratio": _ratio(record, group, teachers, PARAMETERS),
            "FLOPs": cell(record, FLOPS, notes),
            "File": cell(record, FILE_SIZE, notes),
        }
        for record in group.records
    ]
    runs = sorted({measured.n for record in group.records if (measured := of(record, RECOMMEND))})
    legend = (
        f"Time: recommending to every user, mean ± standard deviation of {_counts(runs)} runs. "
        if runs
        else ""
    ) + (
        "Memory: peak of a process of its own, less what the engine takes by itself. Ratio: parameters relative to the "
        "teacher's. FLOPs: of one request. File: weights or exported graph on disk."
    )
    return _with_notes(f"{table(rows, text_columns=2)}\n\n{legend}", notes)


def _requests(group: CostGroup, teachers: frozenset[str]) -> str:
    notes = Notes()
    rows = []
    for record in group.records:
        latency = of(record, LATENCY)
        rows.append(
            _named(record, notes)
            | {
                "Median": cell(record, LATENCY, notes),
                "95 % interval": _median_interval(record),
                "p95": tail(latency, 0.95, notes),
                "p99": tail(latency, 0.99, notes),
                "n": str(latency.n) if latency else BLANK,
                "to teacher": _ratio(record, group, teachers, LATENCY),
                "Throughput": cell(record, THROUGHPUT, notes),
                "max. difference": _parity(record, "max_abs_difference", "{:.1e}"),
                "Kendall τ": _parity(record, "kendall_tau", "{:.4f}"),
                "Top-k overlap": _parity(record, "top_k_overlap", "{:.3f}"),
            }
        )
    legend = (
        "Latency of one request, one sample a call after warm-up, with a nonparametric interval of the median. "
        "The last three columns compare scores and order of candidates with PyTorch's."
    )
    return _with_notes(f"{table(rows, text_columns=2)}\n\n{legend}", notes)


def _named(record: CostRecord, notes: Notes) -> dict[str, str]:
    flags = notes.mark("; ".join(record.flags)) if record.flags else ""
    name = record.method if record.method == record.model else f"{record.method} ({record.model})"
    return {"Model": escape(name) + flags, "Run by": escape(str(configuration(record)))}


def _ratio(record: CostRecord, group: CostGroup, teachers: frozenset[str], name: str) -> str:
    """The median relative to the teacher's in the same configuration."""
    if record.model in teachers:
        return "1" if name == LATENCY else BLANK
    same = (r for r in group.records if r.model in teachers and configuration(r) == configuration(record))
    teacher = next((measured for r in same if (measured := of(r, name))), None)
    own = of(record, name)
    if teacher is None or own is None or not teacher.median:
        return BLANK
    share = own.median / teacher.median
    return f"{share:.2f}" if name == LATENCY else f"{100 * share:.1f} %"


def _median_interval(record: CostRecord) -> str:
    latency = of(record, LATENCY)
    if latency is None or latency.n < 2:
        return BLANK
    low, high = latency.median_interval()
    return f"{quantity(low, latency.unit)} to {quantity(high, latency.unit)}"


def _parity(record: CostRecord, name: str, form: str) -> str:
    value = record.parity.get(name, math.nan)
    return form.format(value) if math.isfinite(value) else BLANK


def _counts(numbers: Sequence[int]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"


def _with_notes(text: str, notes: Notes) -> str:
    return f"{text}\n\n{notes}" if notes.texts else text
