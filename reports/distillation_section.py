"""What false negative distillation did in training, and whether the negatives it spared deserved it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .markdown import escape, table
from .quantities import BLANK, hundredfold, signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .ranking import Ranking

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


def distillation_section(rankings: Sequence[Ranking]) -> str:
    """A row for each distilled trial as markdown; empty without any."""
    trials = [
        (ranking, row, record, record.distillation)
        for ranking in rankings
        for row in ranking.rows
        for record in row.records
        if record.distillation is not None
    ]
    if not trials:
        return ""
    rows = []
    for ranking, row, record, distilled in trials:
        teacher = ranking.teacher_of(row)
        rows.append(
            {
                "Method": escape(row.name),
                "Dataset": escape(f"{ranking.dataset}, {ranking.setting}"),
                "Teacher": escape(teacher.name)
                if teacher
                else f"trial {escape(distilled.teacher_trial[:8])}",
                "Seed": str(record.seed),
                "Gap": f"{distilled.gap:.3f}",
                "α": f"{distilled.alpha:.2f}",
                "α × gap": f"{distilled.alpha_relative:.2f}",
                "Mean d": f"{distilled.mean_d:.2f}".replace("-", "−")
                + (" **< 1**" if distilled.mean_d < 1 else ""),
                "Called false, %": hundredfold(distilled.false_negative_share),
                "Truly liked, %": _share(distilled.true_false_negative_share),
                "Base rate, %": _share(distilled.true_base_rate),
                "Above base": _above(distilled.true_false_negative_share, distilled.true_base_rate),
            }
        )
    known = any(distilled.true_base_rate is not None for *_, distilled in trials)
    legend = f"{_LEGEND} {_TRUTH}" if known else f"{_LEGEND} The dataset's hidden preference is not known."
    return f"{table(rows, text_columns=3)}\n\n{legend}"


def _share(value: float | None) -> str:
    return BLANK if value is None else hundredfold(value)


def _above(share: float | None, base: float | None) -> str:
    return BLANK if share is None or base is None else signed(share - base)
