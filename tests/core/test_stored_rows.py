"""Rows in a file are those that were written, and no more of them is held than was asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psutil
from outfitbench.core.stored_rows import StoredRows

COUNT, WIDTH = 1 << 15, 1 << 10


def numbered(count: int = COUNT) -> list[np.ndarray]:
    """Rows that each hold their number, some at a time, 64 MiB in all."""
    return [
        np.arange(first, min(first + 1000, count)).repeat(WIDTH).reshape(-1, WIDTH)
        for first in range(0, count, 1000)
    ]


def test_rows_from_all_over_are_read_and_not_held(tmp_path: Path) -> None:
    rows = StoredRows(tmp_path / "rows", numbered(), np.uint16, (WIDTH,))
    assert (len(rows), rows.nbytes, rows.shape) == (COUNT, 64 << 20, (COUNT, WIDTH))
    asked = np.random.default_rng(0).permutation(COUNT)[:4000]
    before = psutil.Process().memory_info().rss
    for first in range(0, len(asked), 100):
        some = asked[first : first + 100]
        np.testing.assert_array_equal(rows.take(some), some[:, None].repeat(WIDTH, 1))
    assert psutil.Process().memory_info().rss - before < 8 << 20


def test_parts_end_where_the_rows_end(tmp_path: Path) -> None:
    rows = StoredRows(tmp_path / "rows", numbered(2500), np.int32, (WIDTH,))
    assert rows.part(999, 1002)[:, 0].tolist() == [999, 1000, 1001]
    assert rows.part(2498, 9999)[:, -1].tolist() == [2498, 2499]
    assert rows.part(2500, 2600).shape == (0, WIDTH)
    assert rows.take(np.array([], np.int64)).shape == (0, WIDTH)


def test_what_is_read_may_be_written_over(tmp_path: Path) -> None:
    rows = StoredRows(tmp_path / "rows", [np.zeros(3)], np.float32)
    for found in (rows.take(np.array([2])), rows.part(2, 3)):
        found[0] = 1
    assert rows.part(0, 3).tolist() == [0, 0, 0]


def test_no_rows(tmp_path: Path) -> None:
    rows = StoredRows(tmp_path / "rows", [], np.float32, (2,))
    assert (len(rows), rows.part(0, 1).shape) == (0, (0, 2))
