"""Grids of fits that take as long as is asked, for what is timed about running many."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median


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


def run_grid(suite: Path, out: Path, *options: str, fits: int, **environment: str) -> float:
    """The command from its start to its report; every fit must have a record.

    Returns:
        The seconds of a fit's training, the median: what of the whole is no overhead.
    """
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
    records = [json.loads(path.read_text()) for path in out.glob("fits/*/record.json")]
    assert len(records) == fits
    return median(record["seconds"]["train"] for record in records)
