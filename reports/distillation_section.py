"""What false negative distillation did in training, and whether the negatives it spared deserved it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .markdown import code, escape, table
from .quantities import BLANK, hundredfold, signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..suites.records import FitRecord
    from .comparison_table import ComparisonTable
    from .table_rows import Row

__all__ = ["distillation_section"]

_LEGEND = (
    "Gap: the teacher's mean score of positives less that of random negatives. Mean d: mean "
    "false-negativeness of the training negatives (paper, Eq. 12); below 1 the loss has a low minimum "
    "where every outfit is liked by everyone, and training may collapse. Called false: share of the "
    "training negatives with d < 0."
)

_TRUTH = (
    "Truly liked: of those called false, the share that the user likes, by the dataset's hidden "
    "preference, at least as much as an average positive of theirs. Base rate: the same share among all "
    "training negatives; above it the teacher finds false negatives better than chance."
)


def distillation_section(tables: Sequence[ComparisonTable]) -> str:
    """A row for each fit that tells of its distillation as markdown; empty without any."""
    fits: dict[str, tuple[ComparisonTable, Row, FitRecord]] = {}
    for ranked in tables:
        for row in ranked.rows:
            for record in row.records:
                if record.fit.distillation is not None:  # once, in however many settings it was evaluated
                    fits.setdefault(record.fit.trial, (ranked, row, record.fit))
    rows = [_cells(*found) for found in fits.values()]
    if not rows:
        return ""
    known = any(fit.distillation and fit.distillation.true_base_rate is not None for *_, fit in fits.values())
    legend = f"{_LEGEND} {_TRUTH}" if known else f"{_LEGEND} The dataset's hidden preference is not known."
    return f"{table(rows, text_columns=3)}\n\n{legend}"


def _cells(ranked: ComparisonTable, row: Row, fit: FitRecord) -> dict[str, str]:
    told = fit.distillation
    assert told is not None  # those without were left out
    teacher = ranked.teacher_of(row)
    trial = fit.inputs.get("teacher", "")
    return {
        "Method": escape(row.name),
        "Dataset": escape(f"{fit.dataset}, {fit.negatives}"),
        "Teacher": escape(teacher.name) if teacher else f"trial {code(trial[:8])}" if trial else BLANK,
        "Seed": str(fit.seed),
        "Gap": _plain(told.gap, 3),
        "α": _plain(told.alpha, 2),
        "α × gap": _plain(told.alpha_relative, 2),
        "Mean d": _plain(told.mean_d, 2) + (" **< 1**" if told.mean_d < 1 else ""),
        "Called false, %": hundredfold(told.false_negative_share),
        "Truly liked, %": _share(told.true_false_negative_share),
        "Base rate, %": _share(told.true_base_rate),
        "Above base": _above(told.true_false_negative_share, told.true_base_rate),
    }


def _plain(value: float, decimals: int) -> str:
    if not abs(value) < 1e9:  # no honest score; NaN included
        return BLANK
    return f"{value:.{decimals}f}".replace("-", "−")


def _share(value: float | None) -> str:
    return BLANK if value is None else hundredfold(value)


def _above(share: float | None, base: float | None) -> str:
    return BLANK if share is None or base is None else signed(share - base)
