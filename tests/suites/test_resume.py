"""A fit killed with SIGKILL and run again ends bit for bit where it would have ended, on whatever cores."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from outfitbench.suites import load_suite, run_suite

pytestmark = pytest.mark.usefixtures("in_the_small_world")

SUITE = """
title = "Resume"
datasets = ["closet-12"]
methods = ["cl-xs"]
[every_method.recipe]
epochs = 3
batch_size = 16
precision = "fp32"
[every_method.neighbours]
epochs = 1
"""


RUN = """
import sys
from pathlib import Path
from outfitbench.suites import load_suite, run_suite

sys.exit(bool(run_suite(load_suite(Path(sys.argv[1])), Path(sys.argv[2]), device="cpu").failed))
"""
"""What `outfitbench run` does but for its report."""


def start(suite: Path, out: Path, threads: int = 2) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", RUN, str(suite), str(out)]
    if threads == 1 and (taskset := shutil.which("taskset")):
        command = [taskset, "--cpu-list", str(min(os.sched_getaffinity(0))), *command]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def outcome(out: Path) -> dict[str, Any]:
    """The quality record without its times and its machine, which may differ."""
    (path,) = (out / "evaluations").glob("*/record.json")
    record = json.loads(path.read_text())
    for part in (record, record["fit"]):
        del part["seconds"], part["machine"]
    return record


def weights(out: Path) -> bytes:
    (path,) = (out / "fits").glob("*/weights.safetensors")
    return path.read_bytes()


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("suite") / "resume.toml"
    path.write_text(SUITE)
    return path


@pytest.fixture(scope="module")
def undisturbed(in_the_small_world: None, suite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("undisturbed")
    threads = torch.get_num_threads()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OMP_NUM_THREADS", "2")
            assert not run_suite(load_suite(suite), out, device="cpu").failed
    finally:
        torch.set_num_threads(threads)
    return out


def test_killed_again_and_again_it_ends_the_same(suite: Path, undisturbed: Path, tmp_path: Path) -> None:
    moments = random.Random(7)
    kills = 0
    for _ in range(2):
        process = start(suite, tmp_path)
        before = _progress(tmp_path)
        # Into the epoch after the next checkpoint: past the checkpoint, before the end.
        while process.poll() is None and _progress(tmp_path) == before:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.1))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.communicate()
    assert kills == 2
    assert not list((tmp_path / "fits").glob("*/record.json")), "the kills came too late to test anything"

    (folder,) = (tmp_path / "fits").iterdir()
    (folder / ".progress.safetensors.0.part").write_bytes(b"what a kill in the middle of a write leaves")
    process = start(suite, tmp_path, threads=1)  # another machine, with fewer cores, goes on
    _, stderr = process.communicate()
    assert process.returncode == 0, stderr.decode()
    assert outcome(tmp_path) == outcome(undisturbed)
    assert weights(tmp_path) == weights(undisturbed)
    left = {path.name for path in (tmp_path / "fits").glob("*/*")}
    assert left == {"record.json", "weights.safetensors"}


def _progress(out: Path) -> int:
    """When the last checkpoint was written; 0 before the first."""
    return max((path.stat().st_mtime_ns for path in out.glob("fits/*/progress.safetensors")), default=0)
