"""Grids of fits that take as long as is asked, for what is timed about running many."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def write_grid(path: Path, seeds: Sequence[int], epochs: int) -> Path:
    """A suite of one method, a fit a seed."""
    path.write_text(
        'title = "Fits and nothing else"\n'
        'datasets = ["closet-12"]\n'
        'methods = ["n-pair-xs"]\n'
        f"seeds = {list(seeds)}\n"
        "[every_method.recipe]\n"
        f"epochs = {epochs}\n"
        'precision = "fp32"\n'
    )
    return path


def run_grid(suite: Path, out: Path, *options: str, fits: int, **environment: str) -> None:
    """The command from its start to its report; every fit must have a record."""
    command = [
        sys.executable,
        "-m",
        "outfitbench.cli",
        "run",
        suite,
        "--out",
        out,
        "--device",
        "cpu",
        *options,
    ]
    subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True)
    assert len(list(out.glob("fits/*/record.json"))) == fits
