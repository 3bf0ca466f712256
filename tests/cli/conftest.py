"""One small run that the tests of run, report, export and profile look at from their own side."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from outfitbench.bench.effort import Effort
from outfitbench.cli.main import main

SUITE = """
title = "One student"
datasets = ["closet-12"]
settings = ["random"]
methods = ["n-pair-xs"]

[every_method.recipe]
epochs = 1
batch_size = 16
"""


@dataclass(frozen=True)
class FinishedRun:
    """A run as its user sees it: the suite, the folder, and what was answered."""

    suite: Path
    folder: Path
    answer: dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def few_outfits(in_the_small_world: None) -> None:
    """What the commands take, do and say shows with few."""


@pytest.fixture(scope="session")
def finished_run(small_world: Path, tmp_path_factory) -> FinishedRun:
    home = tmp_path_factory.mktemp("run")
    suite = home / "one.toml"
    suite.write_text(SUITE)
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.setenv("OUTFITBENCH_CACHE", str(small_world))
        assert main(["run", str(suite), "--out", str(home / "runs"), "--json", "--quiet"]) == 0
    return FinishedRun(suite, home / "runs", json.loads(printed.getvalue()))


@pytest.fixture
def least_effort(monkeypatch) -> None:
    """Lets a quick profile take the fewest samples there can be."""
    least = Effort(rounds=1, samples=2, batch=2, batches=1, warm_seconds=0.1, recommend_runs=0)
    monkeypatch.setattr("outfitbench.bench.effort.QUICK", least)
