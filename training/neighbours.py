"""Which items look alike: the nearest of each item's category by their codes, found in blocks, as a table."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from ..core.errors import Fault, InputError
from ..core.progress import progress_bar
from ..models.weights import save_tensors

__all__ = ["load_table", "neighbour_table", "save_table"]

_BLOCK_BYTES = 64 << 20
"""Bounds the distances held at one time, however many items there are."""

_GROUP = 64
"""Distances of which only the least is looked at first."""

_NAME = "neighbours"


def neighbour_table(
    codes: NDArray[np.floating], categories: NDArray[np.integer], count: int
) -> NDArray[np.int32]:
    """The nearest other items of each item's category by the Euclidean distance of their codes.

    A code is an autoencoder's latent (paper, Sec. 3.3.2) or, for items known by features, the feature vector.
    Codes are taken as whole numbers of 20 bits or so, so that every distance is a whole number that float64
    holds exactly: the table is the same on any machine with any number of threads, and equal distances tie.

    Args:
        codes: (n, d), finite.
        categories: (n,), a number for each item.
        count: Neighbours of each item.

    Returns:
        int32 (n, count): positions in `codes`, the nearest first, of equally near ones the lowest; −1 at the
        end where a category has too few other items.

    Raises:
        InputError: If the shapes do not fit, a code is not finite, or the count is below 1.

    Example:
        >>> codes = np.array([[0.0], [1.0], [5.0], [5.5], [5.2]])
        >>> neighbour_table(codes, np.array([0, 0, 0, 1, 0]), count=2).tolist()
        [[1, 2], [0, 2], [4, 1], [-1, -1], [2, 1]]
    """
    codes, categories = np.asarray(codes), np.asarray(categories)
    _check(codes, categories, count)
    found = np.full((len(codes), count), -1, dtype=np.int32)
    bits = (
        51 - math.ceil(math.log2(codes.shape[1]))
    ) // 2  # four squares of this many bits, d times: 53 bits
    shift = bits - math.frexp(float(np.abs(codes).max(initial=0)))[1]
    with progress_bar() as progress:
        task = progress.add_task("Finding look-alike items", total=len(codes))
        for category in np.unique(categories):
            members = np.flatnonzero(categories == category)
            kept = min(count, len(members) - 1)
            if not kept:
                continue
            whole = np.rint(np.ldexp(codes[members].astype(np.float64), shift))
            search = _Search(whole, kept)
            for start in range(0, len(members), search.block):
                rows = slice(start, start + search.block)
                found[members[rows], :kept] = members[search.nearest(start)]
                progress.advance(task, len(members[rows]))
    return found


class _Search:
    """Exact search among m whole-number codes.

    The distances of a block of rows to all m codes are parted into groups. The least of a group is cheap to
    find, and the k-th least of these bounds the k-th least distance from above, closely where there are many
    more groups than k. What is within the bound is little, and only that is sorted.

    Args:
        codes: float64 (m, d) of whole numbers.
        kept: k, how many others to find for each, below m.

    Attributes:
        block: Rows of a block.
    """

    def __init__(self, codes: NDArray[np.float64], kept: int) -> None:
        self._kept = kept
        self._group = max(1, min(_GROUP, len(codes) // (8 * kept)))
        padding = -len(codes) % self._group
        # ‖x − y‖² = ‖x‖² + (‖y‖² − 2·x·y), and ‖x‖² does not matter to the order of a row.
        squares = np.square(codes).sum(axis=1, keepdims=True)
        self._left = np.hstack([codes, np.ones_like(squares)])
        self._right = np.hstack([-2 * codes, squares])
        nowhere = np.zeros((padding, self._right.shape[1]))
        nowhere[:, -1] = np.inf
        self._right = np.vstack([self._right, nowhere])
        self.block = max(1, min(len(codes), _BLOCK_BYTES // (8 * len(self._right))))
        self._distances = np.empty((self.block, len(self._right)))

    def nearest(self, start: int) -> NDArray[np.intp]:
        """The nearest others of the codes `start`, `start + 1`, … of a block: (rows, k)."""
        block = self._left[start : start + self.block]
        count = len(block)
        distances = np.matmul(block, self._right.T, out=self._distances[:count])
        distances[np.arange(count), start + np.arange(count)] = np.inf  # none is its own neighbour

        grouped = distances.reshape(count, -1, self._group)
        least = grouped.min(axis=2)
        bound = np.partition(least, self._kept - 1, axis=1)[:, self._kept - 1]
        bound = np.minimum(bound, np.finfo(np.float64).max)  # neither itself nor padding is within it
        rows, groups = np.nonzero(least <= bound[:, None])
        members, places = np.nonzero(grouped[rows, groups] <= bound[rows, None])
        rows, columns = rows[members], groups[members] * self._group + places  # ascending, row by row
        within = distances[rows, columns]

        # Of a thousand equal codes, all at the bound, the first k are enough.
        at_bound = within == bound[rows]
        met = np.cumsum(at_bound)
        before = np.concatenate([[0], met])[np.searchsorted(rows, np.arange(count))]
        enough = ~at_bound | (met - before[rows] <= self._kept)
        rows, columns, within = rows[enough], columns[enough], within[enough]

        order = np.lexsort((within, rows))  # stable: equally near ones stay in order
        first = np.searchsorted(rows, np.arange(count))
        return columns[order[first[:, None] + np.arange(self._kept)]]


def save_table(table: NDArray[np.int32], path: Path) -> None:
    """Write a table of neighbours as safetensors, whole or not at all.

    Raises:
        InputError: If the disk is full or the folder cannot be written.
    """
    save_tensors({_NAME: torch.from_numpy(np.ascontiguousarray(table, dtype=np.int32))}, path)


def load_table(path: Path) -> NDArray[np.int32]:
    """Read what `save_table` wrote.

    Returns:
        int32 (n, count).

    Raises:
        InputError: If the file is missing, broken, or holds anything else.
    """
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError, LookupError, TypeError, ValueError) as error:
        reason = "no file" if isinstance(error, FileNotFoundError) else f"an unreadable file ({error})"
        raise _not_a_table(path, reason) from error
    table = tensors.get(_NAME)
    if table is None:
        raise _not_a_table(path, "other tensors")
    if table.ndim != 2 or table.dtype != np.int32:
        raise _not_a_table(path, f"{table.dtype} of shape {table.shape}")
    if ((table < -1) | (table >= len(table))).any():
        raise _not_a_table(path, f"items beyond the table's own {len(table)}")
    return table


def _not_a_table(path: Path, found: str) -> InputError:
    expected = f"a table of neighbours, `{_NAME}` int32 (items, count) in safetensors"
    return InputError(Fault(path, found, expected, "remove it to have it made again"))


def _check(codes: NDArray[np.floating], categories: NDArray[np.integer], count: int) -> None:
    if codes.ndim != 2 or not codes.shape[1]:
        raise InputError(Fault("codes", f"shape {codes.shape}", "one code an item, (n, d)"))
    if categories.shape != (len(codes),):
        raise InputError(Fault("categories", f"shape {categories.shape}", f"({len(codes)},)"))
    if count < 1:
        raise InputError(Fault("count", str(count), "1 or more"))
    if not np.isfinite(codes).all():
        row = int(np.isfinite(codes).all(axis=1).argmin())
        raise InputError(Fault(f"codes[{row}]", "a number that is not finite", "finite numbers"))
