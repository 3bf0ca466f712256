"""What compression costs and saves: each variant beside its fit, in quality, size and speed."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING

from .choices import Choice, Choices, choices_of
from .cost_quantities import COST_QUANTITIES
from .costs import machine_label, ratio, sampled
from .markdown import Notes, escape, table
from .quantities import BLANK, hundredfold, quantity, share, signed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..suites.records import VariantRecord
    from .comparison_table import ComparisonTable
    from .costs import CostGroup
    from .table_rows import Row

__all__ = ["compression_section"]

_LEGEND = (
    "Every variant was ranked and measured as it is run. Change: of the AUC, or the NDCG, × 100 against the "
    "same fits as they were trained, which may be fewer than the row's; whether an AUC shows one, the "
    "differences under Quality say. Of the teacher: the share of its AUC. Agreement: "
    "Kendall's τ of the orders in which the variant and its fit rank the same outfits, the mean over users. "
    "File: in parentheses its share of the fit's. Times as fast: the median of the ratios of latencies turn "
    "by turn, within a session, to the fit in the same engine (of torch-bf16 and torch-int8 to it in eager "
    "PyTorch). Operators: the convolutions and matrix products of both graphs by the bits they compute in. "
    "Fewer bits are no faster by themselves: what is reached of their ceiling, the table of ceilings says."
)


_OF_ITS_OWN = {"torch-bf16": "torch", "torch-int8": "torch"}
"""Engines in which a fit as it was trained does not stand beside its quality, and where it does."""


def compression_section(
    tables: Sequence[ComparisonTable], groups: Sequence[CostGroup], variants: Iterable[VariantRecord]
) -> str:
    """A table for each dataset, setting and machine where a variant was ranked; empty where none was."""
    made = {record.trial: record for record in variants}
    parts = []
    for ranked in tables:
        if not any(row.variant for row in ranked.rows):
            continue
        measured = choices_of(ranked, groups)
        for choices in measured:
            where = escape(f"{ranked.label}, on {machine_label(choices.group.machine)}")
            parts += [f"### {where}", _table(ranked, choices, made)]
        if not measured:
            parts += [f"### {escape(ranked.label)}", _table(ranked, None, made)]
    return "\n\n".join([*parts, _LEGEND] if parts else [])


def _table(ranked: ComparisonTable, choices: Choices | None, made: Mapping[str, VariantRecord]) -> str:
    notes = Notes()
    written = table(_rows(ranked, choices, made, notes), text_columns=3)
    return "\n\n".join(filter(None, [written, str(notes)]))


def _rows(
    ranked: ComparisonTable, choices: Choices | None, made: Mapping[str, VariantRecord], notes: Notes
) -> list[dict[str, str]]:
    rows = []
    for fit in ranked.rows:
        compressed = [row for row in ranked.rows if row.variant and row.fits <= fit.fits]
        if fit.variant or not compressed:
            continue
        for row in (fit, *compressed):
            run = [choice for choice in choices.each if choice.row is row] if choices else []
            rows += [_row(ranked, row, fit, choice, choices, made, notes) for choice in run or [None]]
    return rows


def _row(
    ranked: ComparisonTable,
    row: Row,
    fit: Row,
    choice: Choice | None,
    choices: Choices | None,
    made: Mapping[str, VariantRecord],
    notes: Notes,
) -> dict[str, str]:
    teacher = ranked.against(fit)
    kept = row.mean("auc") / teacher.mean("auc") if teacher and teacher is not fit else math.nan
    records = [made[trial] for trial in sorted(row.weights) if trial in made]
    taus = [record.agreement["kendall_tau"] for record in records if "kendall_tau" in record.agreement]
    flags = sorted({flag for record in records for flag in record.flags})
    base = _as_trained(choice, fit, choices) if choice and choices and row is not fit else None
    return {
        "Method": escape(fit.name),
        "Variant": (escape(row.variant) or "as trained")
        + (notes.mark(escape("; ".join(flags))) if flags else ""),
        "Run by": escape(str(choice.configuration)) if choice else BLANK,
        "AUC": hundredfold(row.mean("auc")),
        "Change": _change("auc", row, fit),
        "NDCG": hundredfold(row.mean("ndcg")),
        "Change of NDCG": _change("ndcg", row, fit),
        "Of the teacher": share(kept),
        "Agreement": f"{fmean(taus):.4f}".replace("-", "−") if taus else BLANK,
        "File": _file(choice, base),
        "Latency": _cost(choice, "latency"),
        "Times as fast": _speed(choice, base),
        "Memory": _cost(choice, "memory"),
        "Operators": _operators(records),
    }


def _operators(records: Sequence[VariantRecord]) -> str:
    """Of the first of a row's variants: those of other seeds are the same."""
    by_bits = records[0].operators if records else {}
    each = (
        f"{bits} bits: {', '.join(f'{count} {escape(name)}' for name, count in kinds.items())}"
        for bits, kinds in by_bits.items()
    )
    return "; ".join(each) or BLANK


def _change(metric: str, row: Row, fit: Row) -> str:
    """A variant's metric less that of the fits it was made of, which need not be all of their row's."""
    if not row.variant:
        return BLANK
    own = [record for record in fit.records if record.fit.trial in row.fits]
    return signed(row.mean(metric) - fmean(value for record in own for value in getattr(record.test, metric)))


def _as_trained(choice: Choice, fit: Row, choices: Choices) -> Choice | None:
    """The fit itself in the engine that runs a variant of it, or in the one that stands for it."""
    ran = choice.configuration
    by_engine = {
        other.configuration.engine: other
        for other in reversed(choices.each)
        if other.row is fit
        and (other.configuration.device, other.configuration.threads) == (ran.device, ran.threads)
    }
    return by_engine.get(ran.engine) or by_engine.get(_OF_ITS_OWN.get(ran.engine, ""))


def _cost(choice: Choice | None, name: str) -> str:
    cost = COST_QUANTITIES[name]
    return quantity(cost.of(choice.record), cost.unit) if choice else BLANK


def _file(choice: Choice | None, base: Choice | None) -> str:
    written = _cost(choice, "file")
    sizes = [sampled(one.record, "file_size") for one in (choice, base) if one]
    own, whole = sizes if len(sizes) == 2 else (None, None)
    return f"{written} ({share(own.median / whole.median, decimals=0)})" if own and whole else written


def _speed(choice: Choice | None, base: Choice | None) -> str:
    times = ratio(base.record, choice.record, "latency") if choice and base else math.nan
    return f"{times:.2f}" if math.isfinite(times) else BLANK
