"""The quality table: how well each method ranks, with an interval in every cell and ties marked.

The statistics come from `evaluation.metrics`, the one place that implements them, which imports no torch.
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..evaluation.metrics import best
from .markdown import escape, table
from .quantities import BLANK, counted, hundredfold, interval
from .record_links import record_links
from .table_rows import METRICS
from .ties import tie_letters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .comparison_table import ComparisonTable

__all__ = ["quality_legend", "quality_table"]

TIE = "≈"
"""Marks a cell that is not told from the best of its column."""

_TIES = "Tied in AUC"


def quality_table(ranked: ComparisonTable, links: Mapping[str, str] = MappingProxyType({})) -> str:
    """Rows of one dataset and setting as markdown, and who they are ranked for.

    Args:
        ranked: The rows.
        links: Where the record of each trial is to be found from the page, by hash; a seed leads to the
            evaluation that it gave.
    """
    letters = {metric: tie_letters(ranked, metric) for metric in METRICS}
    columns = {metric: _cells(ranked, metric, letters[metric]) for metric in METRICS}
    lines = []
    for index, row in enumerate(ranked.all_rows):
        cells = {
            "Method": escape(row.name),
            "Model": escape(row.model) or BLANK,
            "Backbone": escape(row.backbone) or BLANK,
            "Objectives": escape(row.objectives) or BLANK,
            "Seeds": record_links(row, links),
        }
        cells |= {heading: columns[metric][index] for metric, heading in METRICS.items()}
        lines.append(cells | ({_TIES: letters["auc"][index] or BLANK} if any(letters["auc"]) else {}))
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


def _cells(ranked: ComparisonTable, metric: str, letters: Sequence[str]) -> list[str]:
    """One metric's cell of every row: the best that was trained in bold, ties with it marked."""
    leading = best([row.mean(metric) for row in ranked.rows]).tolist() if ranked.rows else []
    top = {letter for leads, own in zip(leading, letters, strict=False) if leads for letter in own}
    cells = []
    for index, row in enumerate(ranked.all_rows):
        text = hundredfold(row.mean(metric))
        if index < len(leading) and leading[index] and len(ranked.rows) > 1:
            text = f"**{text}**"
        elif top & set(letters[index]):
            text = f"{text}{TIE}"
        spread = row.seed_spread(metric)
        within = interval(*row.interval(metric)) if ranked.users > 1 else ""
        parts = (text, f"± {hundredfold(spread)}" if math.isfinite(spread) else "", within)
        cells.append(" ".join(part for part in parts if part) or BLANK)
    return cells


def quality_legend(tables: Sequence[ComparisonTable]) -> str:
    """How to read the tables of `tables`; empty without any."""
    if not tables:
        return ""
    seeds = {len(row.seeds) for ranked in tables for row in ranked.rows} or {0}
    both = "users and seeds" if max(seeds) > 1 else "users"
    sentences = [
        f"How to read the tables: values × 100, means over {both}; in brackets a bootstrap 95 % interval "
        f"over {both}.",
        f"**Bold**: best of its column among what was trained. {TIE}: not told from the best. {_TIES}: rows "
        "that share a letter are not told from one another, and those that share none are (p < 0.05 over "
        "users and seeds, Holm's correction for all pairs of rows of the table that were trained).",
        "NDCG (all cut-offs) averages NDCG@m over every m, as the paper's authors compute it; "
        "NDCG (standard) is that of the full list.",
    ]
    if max(seeds) > 1:
        sentences.append("± is the standard deviation of the seeds' means.")
    if min(seeds) < 2:
        sentences.append("Of one seed the interval is for the choice of users, not the luck of training.")
    return "\n\n".join(filter(None, [" ".join(sentences), _scorers_legend(tables)]))


def _scorers_legend(tables: Sequence[ComparisonTable]) -> str:
    """What the rows without a model go by; empty without such rows."""
    said = {row.name: row.summary for ranked in tables for row in ranked.scorers}
    lines = [f"- {escape(name)}: {escape(summary)}" for name, summary in sorted(said.items())]
    return "\n".join(["Rows without a model were never trained:", "", *lines]) if lines else ""
