"""The quality table: how well each method ranks, with an interval in every cell and ties marked.

The statistics come from `suites.metrics`, which is pure numpy and the one place that implements them; beside the
record types it is all that this room takes from `suites`.
"""

from __future__ import annotations

import math

from ..suites import metrics
from .markdown import BLANK, escape, hundredfold, interval, table
from .ranking import METRICS, Ranking, Row

__all__ = ["quality_table"]

TIE = "≈"
_ONE_USER = "With one user there is no interval and no test."


def quality_table(ranking: Ranking) -> str:
    """Rows of one dataset and setting as markdown, with the notes a reader needs below."""
    columns = {metric: _cells(ranking, metric) for metric in METRICS}
    several_seeds = any(len(row.seeds) > 1 for row in ranking.rows)
    lines = []
    for index, row in enumerate(ranking.rows):
        cells = {
            "Method": escape(row.name),
            "Model": escape(row.model),
            "Backbone": escape(row.backbone),
            "Seeds": ", ".join(map(str, row.seeds)),
        }
        lines.append(cells | {heading: columns[metric][index] for metric, heading in METRICS.items()})
    return f"{table(lines, text_columns=3)}\n\n{_legend(ranking, several_seeds)}"


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


def _legend(ranking: Ranking, several_seeds: bool) -> str:
    left_out = (
        f"{ranking.left_out} users without a test positive are left out"
        if ranking.left_out
        else "none left out"
    )
    sentences = [
        f"All values × 100, means over {ranking.users} users ({left_out}), who all rank the same candidates.",
        "In brackets a bootstrap 95 % interval over users." if ranking.users > 1 else _ONE_USER,
    ]
    if len(ranking.rows) > 1:
        sentences.append(
            f"**Bold**: best of its column. {TIE}: not distinguishable from the best, the 95 % interval of the "
            "paired bootstrap over users (same users, same candidates) holds zero."
        )
    if several_seeds:
        sentences.append(
            "Several seeds are averaged user by user; ± is the standard deviation of the seeds' means."
        )
    if any(len(row.seeds) == 1 for row in ranking.rows):
        sentences.append(
            "A row of one seed has an interval for the choice of users, not for the luck of training."
        )
    sentences.append(
        "NDCG (all cut-offs) averages NDCG@m over every m, as the paper's authors compute it; "
        "NDCG (standard) is that of the full list."
    )
    return " ".join(sentences)
