"""How well methods rank for users on whom nothing was trained: the paper's Table 3."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from statistics import fmean
from typing import TYPE_CHECKING

from .markdown import escape, table
from .quantities import BLANK, hundredfold, interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .comparison_table import ComparisonTable
    from .table_rows import Row

__all__ = ["cold_section"]

_LEGEND = (
    "Nothing was trained on these users: a few of their training outfits are known, and their test outfits "
    "are ranked among random negatives. AUC × 100, the mean over users and over the draws of what is known; "
    "in brackets a bootstrap 95 % interval over users and seeds; ± is the standard deviation over the draws "
    "of the mean over users. Strategy (paper, Sec. 3.5): *avg* is the mean score of the known users who "
    "like the known outfits (similarity above δ), and always of the one who likes them most; *w-avg*, or "
    "(w), weighs them by how much they do. *no-user*: the method knows no users, and ranks alike for all. "
    "Any other is the method's own. Neighbours: how many known users a score is made of, on average; alone: "
    "in how many per cent of all draws and users nobody was above δ, so that the most similar known user "
    "stands alone."
)


def cold_section(tables: Sequence[ComparisonTable]) -> str:
    """A row for each method and strategy, a column for each cold setting; empty without any."""
    together: dict[tuple[object, ...], list[ComparisonTable]] = defaultdict(list)
    for ranked in tables:
        if (cold := ranked.cold) is not None:
            data = (ranked.data_fingerprint, cold.data_fingerprint, ranked.split_scheme)
            together[ranked.negatives, *data, ranked.evaluator_version].append(ranked)
    parts = [_of_one_pair(sorted(members, key=_known)) for members in together.values()]
    return "\n\n".join([*parts, _LEGEND]) if parts else ""


def _known(ranked: ComparisonTable) -> int:
    return ranked.cold.known if ranked.cold else 0


def _of_one_pair(members: Sequence[ComparisonTable]) -> str:
    """What was trained on one dataset, and ranks for the new users of another."""
    by_table = [{(row.weights, row.strategy): row for row in ranked.rows} for ranked in members]
    first = {key: row for rows in reversed(by_table) for key, row in rows.items()}
    lines = []
    for key in dict.fromkeys(key for rows in by_table for key in rows):
        cells = {"Method": escape(first[key].name), "Strategy": escape(first[key].strategy)}
        for ranked, rows in zip(members, by_table, strict=True):
            own = rows.get(key)
            heading = ranked.setting + (f", {ranked.told_apart_by}" if ranked.told_apart_by else "")
            cells |= {
                f"AUC, {escape(heading)}": _auc(own) if own else BLANK,
                f"Neighbours, {escape(heading)}": _neighbours(own) if own else BLANK,
            }
        lines.append(cells)
    title = re.sub(r", cold-\d+ of ", ", new users of ", members[0].label)
    return f"### {escape(title)}\n\n{table(lines, text_columns=2)}"


def _auc(row: Row) -> str:
    """Mean, spread over the draws (of several seeds the mean spread), and interval over users and seeds."""
    values = row.per_user("auc")
    spread = fmean(cold.spread["auc"] for cold in row.cold)
    within = interval(*row.interval("auc")) if len(values) > 1 else ""
    return f"{hundredfold(float(values.mean()))} ± {hundredfold(spread)} {within}".strip()


def _neighbours(row: Row) -> str:
    """How many known users are asked, and how often only one is because there has to be one."""
    asked = [cold.neighbours for cold in row.cold if cold.neighbours is not None]
    if not asked:
        return BLANK
    users = len(row.records[0].test.users)
    alone = fmean((cold.alone or 0) / (cold.draws * users) for cold in row.cold)
    if not 0 < alone < math.inf:
        return f"{fmean(asked):.1f}"
    percent = f"{100 * alone:.0f}" if alone >= 0.005 else "< 1"
    return f"{fmean(asked):.1f}, {percent} % alone"
