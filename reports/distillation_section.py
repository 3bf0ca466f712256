"""What a teacher's word did in training, and whether the negatives that it called false deserved it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .markdown import code, escape, table
from .quantities import BLANK, hundredfold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..suites.records import FitRecord
    from .comparison_table import ComparisonTable
    from .table_rows import Row

__all__ = ["distillation_section"]

_LEGEND = (
    "Gap: the teacher's mean score of positives less that of random negatives. Mean d: mean "
    "false-negativeness of the training negatives (paper, Eq. 12). At all ones: FND's loss where every "
    "outfit is liked by everyone, beside the loss of chance; below it, training may collapse."
)

_CALLED = (
    "Called false: share of the training negatives with d < 0, whatever α is; and the same of the positives "
    "that the teacher was trained on, and of those that it chose its epoch by (unseen). Mean over: which of "
    "a user's positives d is measured from (Eq. 11)."
)

_TRUTH = (
    "Truly liked, by the dataset's hidden preference: what its user likes at least as much as an average "
    "positive of theirs. Precision: the share of that in what is called false; recall: how much of it is "
    "called false; base rate: its share in all training negatives; mass: its share in the softmax mass that "
    "N-pair puts on negatives, by the teacher's scores, which is what FND could take away."
)

_UNKNOWN = "The dataset's hidden preference is not known."


def distillation_section(tables: Sequence[ComparisonTable]) -> str:
    """What the α of each fit comes to, and what each teacher says; empty without a fit that has a teacher."""
    fits: dict[str, tuple[ComparisonTable, Row, FitRecord]] = {}
    for ranked in tables:
        for row in ranked.rows:
            for record in row.records:
                if record.fit.distillation is not None:  # once, in however many settings it was evaluated
                    fits.setdefault(record.fit.trial, (ranked, row, record.fit))
    if not fits:
        return ""
    scales = [
        _scale(*found)
        for found in fits.values()
        if found[2].distillation is not None and found[2].distillation.alpha is not None
    ]
    said = _distinct([_said(*found) for found in fits.values()])
    known = any(row["Base rate, %"] != BLANK for row in said)
    legend = f"{_CALLED} {_TRUTH if known else _UNKNOWN}"
    parts = [f"{table(scales, text_columns=3)}\n\n{_LEGEND}"] if scales else []
    parts.append(f"{table(said, text_columns=3)}\n\n{legend}")
    return "\n\n".join(parts)


def _scale(ranked: ComparisonTable, row: Row, fit: FitRecord) -> dict[str, str]:
    """What a fit's α comes to."""
    told = fit.distillation
    assert told is not None  # those without were left out
    low, chance = told.all_ones_loss, told.chance_loss
    below = low is not None and chance is not None and low < chance
    return {
        "Method": escape(row.name),
        "Dataset": escape(f"{fit.dataset}, {fit.negatives}"),
        "Teacher": _teacher(ranked, row, fit),
        "Seed": str(fit.seed),
        "Gap": _plain(told.gap, 3),
        "α": _plain(told.alpha, 2),
        "α × gap": _plain(told.alpha_relative, 2),
        "Mean d": _plain(told.mean_d, 2),
        "At all ones": _plain(low, 2) + (" **< chance**" if below else ""),
        "Chance": _plain(chance, 2),
    }


def _said(ranked: ComparisonTable, row: Row, fit: FitRecord) -> dict[str, str]:
    """What a fit's teacher says, and how right it is."""
    told = fit.distillation
    assert told is not None  # those without were left out
    return {
        "Teacher": _teacher(ranked, row, fit),
        "Dataset": escape(f"{fit.dataset}, {fit.negatives}"),
        "Mean over": "training" if told.positive_mean == "train" else "held-out",
        "Seed": str(fit.seed),
        "Called false, %": hundredfold(told.false_negative_share),
        "Positives, %": _share(told.positives_called_false),
        "Unseen, %": _share(told.held_out_called_false),
        "Precision, %": _share(told.true_false_negative_share),
        "Recall, %": _share(told.recall),
        "Base rate, %": _share(told.true_base_rate),
        "Mass, %": _share(told.softmax_mass),
    }


def _teacher(ranked: ComparisonTable, row: Row, fit: FitRecord) -> str:
    teacher, trial = ranked.teacher_of(row), fit.inputs.get("teacher", "")
    return escape(teacher.name) if teacher else f"trial {code(trial[:8])}" if trial else BLANK


def _distinct(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """One teacher says the same to all its students."""
    return list({tuple(row.values()): row for row in rows}.values())


def _plain(value: float | None, decimals: int) -> str:
    if value is None or not math.isfinite(value) or abs(value) >= 1e9:  # no honest score
        return BLANK
    return f"{value:.{decimals}f}".replace("-", "−")


def _share(value: float | None) -> str:
    return BLANK if value is None else hundredfold(value)
