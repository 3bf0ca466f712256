"""The quality table: how well each method ranks, with an interval in every cell and ties marked.

The statistics come from `evaluation.metrics`, the one place that implements them, which imports no torch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..evaluation.metrics import bootstrap_interval, paired_comparison
from ..evaluation.metrics.equality import best
from .differences import shows
from .markdown import escape, table
from .quantities import BLANK, counted, hundredfold, interval
from .table_rows import METRICS, AnyRow, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .comparison_table import ComparisonTable

__all__ = ["quality_legend", "quality_table"]

TIE = "≈"
"""Marks a cell that is not told from the best of its column."""


def quality_table(ranked: ComparisonTable) -> str:
    """Rows of one dataset and setting as markdown, and who they are ranked for."""
    columns = {metric: _cells(ranked, metric) for metric in METRICS}
    lines = []
    for index, row in enumerate(ranked.all_rows):
        cells = {
            "Method": escape(row.name),
            "Model": escape(row.model) or BLANK,
            "Backbone": escape(row.backbone) or BLANK,
            "Objectives": escape(row.objectives) or BLANK,
            "Seed numbers": ", ".join(map(str, row.seeds)) or BLANK,
        }
        lines.append(cells | {heading: columns[metric][index] for metric, heading in METRICS.items()})
    return f"{table(lines, text_columns=4)}\n\n{_users(ranked)}"


def _users(ranked: ComparisonTable) -> str:
    cold, without = ranked.cold, ranked.left_out
    few = ""
    if cold is not None and cold.too_few:
        without -= cold.too_few
        few = f"{counted(cold.too_few, 'user')} with fewer than {cold.known} known left out"
    untested = f"{counted(without, 'user')} without a test positive left out" if without > 0 else ""
    alone = "with one user there is no interval and no test" if ranked.users == 1 else ""
    facts = [
        counted(ranked.users, "user"),
        f"each known by {counted(cold.known, 'outfit')} (mean over {cold.draws} draws of them)"
        if cold
        else "",
        few,
        untested or ("" if few else "none left out"),
        alone,
    ]
    return f"Ranked for {', '.join(fact for fact in facts if fact)}; every row ranks the same candidates."


def _cells(ranked: ComparisonTable, metric: str) -> list[str]:
    """One metric's cell of every row: the best that was trained in bold, ties with it marked."""
    leading = best([row.mean(metric) for row in ranked.rows]).tolist() if ranked.rows else []
    leaders = [row for row, leads in zip(ranked.rows, leading, strict=True) if leads]
    cells = []
    for row in ranked.all_rows:
        text = hundredfold(row.mean(metric))
        if row in leaders and len(ranked.rows) > 1:
            text = f"**{text}**"
        elif row in ranked.rows and leaders and _tied(row, leaders[0], metric):
            text = f"{text}{TIE}"
        spread = row.seed_spread(metric)
        within = interval(*bootstrap_interval(row.per_user(metric))) if ranked.users > 1 else ""
        parts = (text, f"± {hundredfold(spread)}" if math.isfinite(spread) else "", within)
        cells.append(" ".join(part for part in parts if part) or BLANK)
    return cells


def _tied(row: AnyRow, leader: Row, metric: str) -> bool:
    """Whether no difference from the best row shows, by the rule that `shows` has for every page."""
    own, leading = row.per_user(metric), leader.per_user(metric)
    if row is leader or len(own) < 2:
        return False
    return shows(paired_comparison(own, leading)) != "yes"


def quality_legend(tables: Sequence[ComparisonTable]) -> str:
    """How to read the tables of `tables`; empty without any."""
    if not tables:
        return ""
    seeds = {len(row.seeds) for ranked in tables for row in ranked.all_rows}
    sentences = [
        "How to read the tables: values × 100, means over users; in brackets a bootstrap 95 % interval "
        "over users.",
        f"**Bold**: best of its column among what was trained. {TIE}: not distinguishable from the best, as "
        "the differences below are: the 95 % interval of the paired bootstrap over users (same users, same "
        "candidates) holds zero, or Wilcoxon's p is not below 0.05.",
        "NDCG (all cut-offs) averages NDCG@m over every m, as the paper's authors compute it; "
        "NDCG (standard) is that of the full list.",
    ]
    if max(seeds) > 1:
        sentences.append(
            "Several seeds are averaged user by user; ± is the standard deviation of the seeds' means."
        )
    sentences.append("The interval is for the choice of users, not the luck of training.")
    return "\n\n".join(filter(None, [" ".join(sentences), _scorers_legend(tables)]))


def _scorers_legend(tables: Sequence[ComparisonTable]) -> str:
    """What the rows without a model go by; empty without such rows."""
    said = {row.name: row.summary for ranked in tables for row in ranked.scorers}
    lines = [f"- {escape(name)}: {escape(summary)}" for name, summary in sorted(said.items())]
    return "\n".join(["Rows without a model were never trained:", "", *lines]) if lines else ""
