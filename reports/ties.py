"""Which rows of a table cannot be told from one another."""

from __future__ import annotations

from itertools import combinations
from string import ascii_letters
from typing import TYPE_CHECKING

import numpy as np

from ..evaluation.metrics import holm, tie_groups
from .differences import SIGNIFICANT, p_value_of

if TYPE_CHECKING:
    from .comparison_table import ComparisonTable

__all__ = ["tie_letters"]


def tie_letters(ranked: ComparisonTable, metric: str) -> list[str]:
    """For each of a table's rows the letters of the groups of rows that it is not told from.

    Whoever reads a table looks at every pair of its rows, so all pairs are of one family (see `holm`).

    Returns:
        One text a row, "a" for the group of the best; empty for what nobody trained, which is there to read
        the others by, and for all of them where there is nothing to compare, or more groups than letters.
    """
    rows = ranked.rows
    order = sorted(range(len(rows)), key=lambda index: -rows[index].mean(metric))
    letters = [""] * len(ranked.all_rows)
    if len(rows) < 2 or ranked.users < 2:
        return letters
    pairs = list(combinations(range(len(rows)), 2))
    p_values = holm([p_value_of(rows[order[i]], rows[order[j]], metric) for i, j in pairs])
    told_apart = np.zeros((len(rows), len(rows)), dtype=bool)
    for (i, j), p_value in zip(pairs, p_values, strict=True):
        told_apart[i, j] = told_apart[j, i] = p_value < SIGNIFICANT
    groups = tie_groups(told_apart)
    if len(groups) > len(ascii_letters):
        return letters
    for letter, members in zip(ascii_letters, groups, strict=False):
        for member in members:
            letters[order[member]] += letter
    return letters
