"""Whether a method knows its users: each against itself with the users shuffled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..evaluation.metrics import paired_comparison
from .differences import shows
from .markdown import escape, table
from .quantities import BLANK, hundredfold, interval, p_value, signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .comparison_table import ComparisonTable
    from .table_rows import AnyRow

__all__ = ["users_section"]

_LEGEND = (
    "Each user's test candidates are ranked again as if another user asked: the users stand in a circle that "
    "is drawn from the fit's seed, and each is replaced by the next, so that nobody stands for themselves. "
    "What a method loses by that, it owes to knowing its users. AUC × 100; interval and p over users and "
    "seeds, as of the differences above. Beats itself shuffled: the interval lies above zero and p < 0.05; "
    "unclear where only one of the two is so. Knows no users: every score was the same, to the last bit, "
    "whoever asked."
)


def users_section(tables: Sequence[ComparisonTable]) -> str:
    """A table for each of `tables` whose rows were ranked with shuffled users, too; empty without any."""
    parts = [f"### {escape(ranked.label)}\n\n{table(rows)}" for ranked in tables if (rows := _rows(ranked))]
    return "\n\n".join([*parts, _LEGEND]) if parts else ""


def _rows(ranked: ComparisonTable) -> list[dict[str, str]]:
    return [cells for row in ranked.all_rows if (cells := _cells(row))]


def _cells(row: AnyRow) -> dict[str, str]:
    """One line; empty where the users were not shuffled."""
    own, shuffled = row.per_seed("auc"), row.per_seed_shuffled("auc")
    if shuffled is None:
        return {}
    paired = paired_comparison(own, shuffled)
    verdict = {"yes": "yes" if paired.difference > 0 else "no: worse", "no": "no", "unclear": "unclear"}
    return {
        "Method": escape(row.name),
        "AUC": hundredfold(float(own.mean())),
        "AUC as another user": hundredfold(float(shuffled.mean())),
        "Difference": signed(paired.difference),
        "95 % interval": interval(paired.low, paired.high) or BLANK,
        "p": p_value(paired.p_value),
        "Beats itself shuffled": "knows no users" if row.ignores_users else verdict[shows(paired)],
    }
