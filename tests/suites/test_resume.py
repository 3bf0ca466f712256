"""A trial killed with SIGKILL and run again ends bit for bit where it would have ended."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

SUITE = """
title = "Resume"
datasets = ["closet-12"]
methods = ["n-pair-xs"]
[every_method.recipe]
epochs = 4
precision = "fp32"
"""


def start(suite: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "outfitbench.cli", "run", str(suite), "--out", str(out), "--quiet"]
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def outcome(out: Path) -> dict[str, Any]:
    """The quality record without its times, which may differ."""
    (path,) = (out / "trials").glob("*/record.json")
    record = json.loads(path.read_text())
    del record["seconds"]
    return record


def weights(out: Path) -> bytes:
    (path,) = (out / "trials").glob("*/weights.safetensors")
    return path.read_bytes()


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("suite") / "resume.toml"
    path.write_text(SUITE)
    return path


@pytest.fixture(scope="module")
def undisturbed(suite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("undisturbed")
    process = start(suite, out)
    _, stderr = process.communicate()
    assert process.returncode == 0, stderr.decode()
    return out


def test_killed_again_and_again_it_ends_the_same(suite: Path, undisturbed: Path, tmp_path: Path) -> None:
    moments = random.Random(7)
    kills = 0
    for _ in range(3):
        process = start(suite, tmp_path)
        before = _progress(tmp_path)
        # Into the epoch after the next checkpoint: past the checkpoint, before the end.
        while process.poll() is None and _progress(tmp_path) == before:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.3))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.communicate()
    assert kills >= 2
    assert not list((tmp_path / "trials").glob("*/record.json")), "the kills came too late to test anything"

    (folder,) = (tmp_path / "trials").iterdir()
    (folder / ".progress.safetensors.0.part").write_bytes(b"what a kill in the middle of a write leaves")
    process = start(suite, tmp_path)
    _, stderr = process.communicate()
    assert process.returncode == 0, stderr.decode()
    assert outcome(tmp_path) == outcome(undisturbed)
    assert weights(tmp_path) == weights(undisturbed)
    left = {path.name for path in (tmp_path / "trials").glob("*/*")}
    assert left == {"record.json", "run.lock", "weights.safetensors"}


def test_a_finished_trial_is_not_touched(suite: Path, undisturbed: Path) -> None:
    (path,) = (undisturbed / "trials").glob("*/record.json")
    before = path.stat().st_mtime_ns
    process = start(suite, undisturbed)
    process.communicate()
    assert process.returncode == 0
    assert path.stat().st_mtime_ns == before


def _progress(out: Path) -> int:
    """When the last checkpoint was written; 0 before the first."""
    return max((path.stat().st_mtime_ns for path in out.glob("trials/*/progress.safetensors")), default=0)
