"""What was read of a mapped array's file, and is let go of, is not held."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psutil
from outfitbench.core.mapped import let_go

BLOCK = 1 << 20


def held_after(array: np.ndarray, *, letting_go: bool) -> int:
    """Bytes that this process holds more after it went through an array."""
    before = psutil.Process().memory_info().rss
    for first in range(0, len(array), BLOCK):
        assert array[first : first + BLOCK].sum() == BLOCK
        if letting_go:
            let_go(array)
    return psutil.Process().memory_info().rss - before


def test_a_file_is_gone_through_block_by_block(tmp_path: Path) -> None:
    path = tmp_path / "ones.npy"
    np.save(path, np.ones(64 * BLOCK, np.uint8))
    assert held_after(np.load(path, mmap_mode="r"), letting_go=True) < 8 * BLOCK
    assert held_after(np.load(path, mmap_mode="r"), letting_go=False) > 32 * BLOCK


def test_what_was_written_stays_written(tmp_path: Path) -> None:
    made = np.lib.format.open_memmap(tmp_path / "made.npy", "w+", np.int32, (1 << 16,))
    for first in range(0, len(made), 1 << 12):
        made[first : first + (1 << 12)] = first
        let_go(made[first : first + (1 << 12)])
    np.testing.assert_array_equal(made, np.arange(len(made)) >> 12 << 12)


def test_of_any_other_array_nothing_happens() -> None:
    array = np.arange(3)
    let_go(array)
    assert array.tolist() == [0, 1, 2]
