"""What the executors' tests share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def fits_alone(finished: Path, tmp_path: Path) -> Path:
    """The folder of a run whose fits are finished and whose evaluations are not begun."""
    out = tmp_path / "out"
    shutil.copytree(finished, out)
    shutil.rmtree(out / "evaluations")
    return out
