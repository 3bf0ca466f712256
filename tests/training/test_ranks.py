"""Processes at one fit: that none outlives another is seen here with ones that die as they begin."""

from __future__ import annotations

import multiprocessing
import sys

import pytest
from outfitbench.training import ranks
from outfitbench.training.errors import TrainingError
from outfitbench.training.history import Environment


def test_one_that_dies_ends_all_with_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "_take_part", sys.exit)  # which takes no such arguments, and dies of it
    where = Environment(device="cpu", precision="fp32", threads=1, ranks=2)
    expected = "rank [01] of 2: found its process ended with exit status 1, expected it to go on; .*$"
    with pytest.raises(TrainingError, match=expected):
        ranks.run_in_ranks(print, where, "ddp", print)
    assert not multiprocessing.active_children()
