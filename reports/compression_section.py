"""What compression costs and saves: each variant beside its fit, in quality, size and speed."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING

from .choices import Choice, Choices, choices_of
from .cost_quantities import COST_QUANTITIES
from .costs import machine_label, ratio, sampled
from .markdown import escape, table
from .quantities import BLANK, hundredfold, quantity, share, signed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..suites.records import VariantRecord
    from .comparison_table import ComparisonTable
    from .costs import CostGroup
    from .table_rows import Row

__all__ = ["compression_section"]

_LEGEND = (
    "Every variant was ranked and measured as it is run. Change: of the AUC × 100 against the same fit as it "
    "was trained. Of the teacher: the share of its AUC. Agreement: Kendall's τ of the orders in which the "
    "variant and its fit rank the same outfits, the mean over users. File: in parentheses its share of the "
    "fit's. Times as fast: the median of the ratios of latencies turn by turn, within a session."
)


def compression_section(
    tables: Sequence[ComparisonTable], groups: Sequence[CostGroup], variants: Iterable[VariantRecord]
) -> str:
    """A table for each dataset, setting and machine where a variant was ranked; empty where none was."""
    agreements = {record.trial: _tau(record) for record in variants}
    parts = []
    for ranked in tables:
        if not any(row.variant for row in ranked.rows):
            continue
        measured = choices_of(ranked, groups)
        for choices in measured:
            where = escape(f"{ranked.label}, on {machine_label(choices.group.machine)}")
            parts += [f"### {where}", table(_rows(ranked, choices, agreements), text_columns=3)]
        if not measured:
            parts += [f"### {escape(ranked.label)}", table(_rows(ranked, None, agreements), text_columns=3)]
    return "\n\n".join([*parts, _LEGEND] if parts else [])


def _tau(record: VariantRecord) -> float:
    return float(getattr(record, "agreement", {}).get("kendall_tau", math.nan))


def _rows(
    ranked: ComparisonTable, choices: Choices | None, agreements: Mapping[str, float]
) -> list[dict[str, str]]:
    rows = []
    for fit in ranked.rows:
        made = [row for row in ranked.rows if row.variant and row.fits == fit.fits]
        if fit.variant or not made:
            continue
        for row in (fit, *made):
            run = [choice for choice in choices.each if choice.row is row] if choices else []
            rows += [_row(ranked, row, fit, choice, choices, agreements) for choice in run or [None]]
    return rows


def _row(
    ranked: ComparisonTable,
    row: Row,
    fit: Row,
    choice: Choice | None,
    choices: Choices | None,
    agreements: Mapping[str, float],
) -> dict[str, str]:
    teacher = ranked.against(fit)
    kept = row.mean("auc") / teacher.mean("auc") if teacher and teacher is not fit else math.nan
    taus = [agreements.get(trial, math.nan) for trial in row.weights] if row.variant else [math.nan]
    base = _as_trained(choice, fit, choices) if choice and choices and row is not fit else None
    return {
        "Method": escape(fit.name),
        "Variant": escape(row.variant) or "as trained",
        "Run by": escape(str(choice.configuration)) if choice else BLANK,
        "AUC": hundredfold(row.mean("auc")),
        "Change": signed(row.mean("auc") - fit.mean("auc")) if row.variant else BLANK,
        "NDCG": hundredfold(row.mean("ndcg")),
        "Of the teacher": share(kept),
        "Agreement": f"{tau:.4f}".replace("-", "−") if math.isfinite(tau := fmean(taus)) else BLANK,
        "File": _file(choice, base),
        "Latency": _cost(choice, "latency"),
        "Times as fast": _speed(choice, base),
        "Memory": _cost(choice, "memory"),
    }


def _as_trained(choice: Choice, fit: Row, choices: Choices) -> Choice | None:
    """The fit itself in the engine that runs a variant of it."""
    ran = choice.configuration
    return next(
        (
            other
            for other in choices.each
            if other.row is fit
            and (other.configuration.engine, other.configuration.device, other.configuration.threads)
            == (ran.engine, ran.device, ran.threads)
        ),
        None,
    )


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
