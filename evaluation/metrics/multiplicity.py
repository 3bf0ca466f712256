"""What remains of small p-values among many, and which of many rows cannot be told from one another."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from ...core.errors import Fault, InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["holm", "tie_groups"]


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """p-values of several comparisons, each corrected for having been one of them.

    Whoever looks at many comparisons finds small p-values by luck. Below a level, these corrected ones keep
    the chance of even one false finding among all of them under that level, whatever the comparisons have to
    do with each other (Holm, A simple sequentially rejective multiple test procedure, 1979).

    Args:
        p_values: (n,), each in [0, 1].

    Returns:
        float64 (n,), in the same order: the k-th smallest (k from 0) times n − k, but no smaller than the one
        before it and at most 1.

    Raises:
        InputError: One is not in [0, 1].

    Example:
        >>> holm([0.01, 0.04, 0.03, 0.005]).tolist()
        [0.03, 0.06, 0.06, 0.02]
    """
    found = np.asarray(p_values, dtype=np.float64)
    for place in np.flatnonzero(~((found >= 0) & (found <= 1)))[:1]:
        raise InputError(Fault(f"p_values[{place}]", str(found[place]), "a number from 0 to 1"))
    order = np.argsort(found, kind="stable")
    corrected = np.empty_like(found)
    corrected[order] = np.minimum(np.maximum.accumulate(found[order] * np.arange(len(found), 0, -1)), 1)
    return corrected


def tie_groups(told_apart: ArrayLike) -> list[list[int]]:
    """Groups of rows that are not told from one another, as a compact letter display shows them.

    Two rows share a group if and only if they are not told apart; being tied does not carry on from row to
    row, so one may stand in several groups (Piepho, An algorithm for a letter-based representation of
    all-pairwise comparisons, 2004). Each group is grown from the first pair of rows that share none yet.

    Args:
        told_apart: Bool (n, n), symmetric: whether rows i and j are told apart.

    Returns:
        The rows of each group, ascending; a row that is told from every other is a group of its own.

    Example:
        >>> tie_groups([[0, 0, 1], [0, 0, 0], [1, 0, 0]])
        [[0, 1], [1, 2]]
    """
    tied = ~np.asarray(told_apart, dtype=bool)
    together = np.zeros_like(tied)
    groups: list[list[int]] = []
    rows = range(len(tied))
    for first, second in [*combinations(rows, 2), *((row, row) for row in rows)]:
        if not tied[first, second] or together[first, second]:
            continue
        group = sorted({first, second})
        for row in rows:
            if row not in group and tied[row, group].all():
                group.append(row)
        together[np.ix_(group, group)] = True
        groups.append(sorted(group))
    return sorted(groups)
