"""The quality table: how well each method ranks, with an interval in every cell and ties marked.

The statistics come from `suites.metrics`, the one place that implements them, which imports no torch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..suites import metrics
from .markdown import escape, table
from .quantities import BLANK, counted, hundredfold, interval
from .ranking import METRICS, Ranking, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["quality_legend", "quality_table"]

TIE = "≈"
"""Marks a cell that the paired bootstrap does not tell from the best of its column."""


def quality_table(ranking: Ranking) -> str:
    """Rows of one dataset and setting as markdown, and who they are ranked for."""
    columns = {metric: _cells(ranking, metric) for metric in METRICS}
    lines = []
    for index, row in enumerate(ranking.rows):
        cells = {
            "Method": escape(row.name),
            "Model": escape(row.model),
            "Backbone": escape(row.backbone),
            "Seed numbers": ", ".join(map(str, row.seeds)),
        }
        lines.append(cells | {heading: columns[metric][index] for metric, heading in METRICS.items()})
    return f"{table(lines, text_columns=3)}\n\n{_users(ranking)}"


def _users(ranking: Ranking) -> str:
    left_out = (
        f"{counted(ranking.left_out, 'user')} without a test positive left out" if ranking.left_out else ""
    )
    alone = "with one user there is no interval and no test" if ranking.users == 1 else ""
    facts = [counted(ranking.users, "user"), left_out or "none left out", alone]
    return f"Ranked for {', '.join(fact for fact in facts if fact)}; every row ranks the same candidates."


def _cells(ranking: Ranking, metric: str) -> list[str]:
    """One metric's cell of every row: the best in bold, ties with it marked."""
    means = [row.mean(metric) for row in ranking.rows]
    best = max((mean for mean in means if math.isfinite(mean)), default=math.nan)
    leader = next((row for row, mean in zip(ranking.rows, means, strict=True) if mean == best), None)
    cells = []
    for row, mean in zip(ranking.rows, means, strict=True):
        text = hundredfold(mean)
        if mean == best and len(ranking.rows) > 1:
            text = f"**{text}**"
        elif leader is not None and _tied(row, leader, metric):
            text = f"{text}{TIE}"
        spread = row.seed_spread(metric)
        within = interval(*metrics.bootstrap_interval(row.per_user(metric))) if ranking.users > 1 else ""
        parts = (text, f"± {hundredfold(spread)}" if math.isfinite(spread) else "", within)
        cells.append(" ".join(part for part in parts if part) or BLANK)
    return cells


def _tied(row: Row, leader: Row, metric: str) -> bool:
    """Whether the interval of the paired difference from the best row holds zero."""
    own, best = row.per_user(metric), leader.per_user(metric)
    if row is leader or len(own) < 2:
        return False
    compared = metrics.paired_comparison(own, best)
    return compared.low <= 0 <= compared.high


def quality_legend(rankings: Sequence[Ranking]) -> str:
    """How to read the tables of `rankings`; empty without any."""
    if not rankings:
        return ""
    seeds = {len(row.seeds) for ranking in rankings for row in ranking.rows}
    sentences = [
        "How to read the tables: values × 100, means over users; in brackets a bootstrap 95 % interval "
        "over users.",
        f"**Bold**: best of its column. {TIE}: not distinguishable from the best, because the 95 % interval "
        "of the paired bootstrap over users (same users, same candidates) holds zero.",
        "NDCG (all cut-offs) averages NDCG@m over every m, as the paper's authors compute it; "
        "NDCG (standard) is that of the full list.",
    ]
    if max(seeds) > 1:
        sentences.append(
            "Several seeds are averaged user by user; ± is the standard deviation of the seeds' means."
        )
    sentences.append("The interval is for the choice of users, not the luck of training.")
    return " ".join(sentences)
