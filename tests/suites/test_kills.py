"""Twenty kills in one run of a suite: in the autoencoder, in fits, while costs are measured."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

SUITE = """
title = "Kills"
datasets = ["closet-12"]
methods = ["n-pair-xs", "cl-xs"]
[every_method.recipe]
epochs = 5
precision = "fp32"
[every_method.neighbours]
epochs = 60
[variants]
fp16 = ["cl-xs"]
[cost]
methods = ["n-pair-xs", "cl-xs"]
devices = ["cpu"]
[cost.effort]
rounds = 3
samples = 10
batch = 4
batches = 2
warm_seconds = 0.2
recommend_runs = 3
recommend_candidates = 100
"""

STAGES = ["neighbours"] * 4 + ["fit"] * 8 + ["cost"] * 8
"""Where each kill is aimed at; a stage that is over by then lets the kill fall where the run has come to."""


def start(suite: Path, out: Path, scratch: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "outfitbench.cli", "run", str(suite), "--out", str(out), "--quiet"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(scratch)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def commands_of_children(process: subprocess.Popen[bytes]) -> list[list[str]]:
    """Command lines of what a run has started: not workers alone, what names the processor comes and goes."""
    commands = []
    with suppress(psutil.Error):
        for child in psutil.Process(process.pid).children():
            with suppress(psutil.Error):
                commands.append(child.cmdline())
    return commands


def stage(process: subprocess.Popen[bytes], out: Path) -> str:
    """What a run is at: measuring has workers of its own, the rest a folder without a record."""
    if any("outfitbench.bench.worker" in command for command in commands_of_children(process)):
        return "cost"
    for kind, folder in (("neighbours", "neighbours"), ("fit", "fits"), ("evaluation", "evaluations")):
        if any(not (claim.parent / "record.json").exists() for claim in out.glob(f"{folder}/*/claim")):
            return kind
    return "between"


def finished(out: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in out.rglob("record.json")}


def outcomes(out: Path) -> dict[str, Any]:
    """What fits, look-alike tables, variants and evaluations came to, without times and machine."""
    found = {}
    for path in out.rglob("record.json"):
        record = json.loads(path.read_text())
        if record["kind"] in ("fit", "neighbours", "variant", "quality"):
            for part in (record, record.get("fit", {})):
                part.pop("seconds", None), part.pop("machine", None)
            found[record["trial"]] = record
    return found


def costs(out: Path) -> set[str]:
    return {path.parent.name for path in out.glob("costs/*/record.json")}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_twenty_kills_change_no_bit_and_leave_nothing(tmp_path: Path) -> None:
    suite, scratch = tmp_path / "kills.toml", tmp_path / "scratch"
    suite.write_text(SUITE)
    scratch.mkdir()
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    _, stderr = start(suite, undisturbed, scratch).communicate()
    assert not stderr, stderr.decode()

    moments, hit = random.Random(20), Counter[str]()
    for aim in STAGES:
        process = start(suite, killed, scratch)
        before = finished(killed)
        while process.poll() is None and stage(process, killed) != aim and aim in _ahead(killed, undisturbed):
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 2))
        workers = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        if process.poll() is None:
            hit[stage(process, killed)] += 1
            process.send_signal(signal.SIGKILL)  # the parent alone
        process.communicate()
        _, alive = psutil.wait_procs(workers, timeout=5)
        assert not alive, "a worker outlives its parent"
        after = finished(killed)
        assert {path: after.get(path) for path in before} == before, "what was finished was touched"
    assert hit.total() >= 12, f"most kills came too late: {hit}"
    assert min(hit["neighbours"], hit["fit"], hit["cost"]) >= 1, hit

    _, stderr = start(suite, killed, scratch).communicate()
    assert not stderr, stderr.decode()
    assert outcomes(killed) == outcomes(undisturbed)
    assert costs(killed) == costs(undisturbed)
    for path in undisturbed.rglob("*.safetensors"):
        assert (killed / path.relative_to(undisturbed)).read_bytes() == path.read_bytes()
    left = {path.name for path in killed.rglob("*")} - {path.name for path in undisturbed.rglob("*")}
    assert not left, "files that an undisturbed run does not leave"
    assert not [path for path in scratch.iterdir() if path.name.startswith("outfitbench-")]


def _ahead(out: Path, whole: Path) -> set[str]:
    """Stages that are not over yet."""
    folders = {"neighbours": "neighbours", "fit": "fits", "cost": "costs"}
    return {
        kind
        for kind, folder in folders.items()
        if len(list(out.glob(f"{folder}/*/record.json"))) < len(list(whole.glob(f"{folder}/*/record.json")))
    }
