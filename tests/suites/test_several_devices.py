"""A fit by two processes: the weights and the checkpoints of one, and neither of them left behind."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import torch
from outfitbench.datasets import Dataset, load_dataset
from outfitbench.suites.run_fit import run_fit
from outfitbench.suites.trial import FitTrial
from outfitbench.training.errors import TrainingError, TrainingStopped
from outfitbench.training.history import Epoch
from outfitbench.training.method import Method, Recipe
from safetensors.torch import load_file


def few_outfits_of_closet_12() -> Dataset:
    """Some steps an epoch."""
    dataset = load_dataset("closet-12")
    few = {name: table.take(slice(96)) for name, table in dataset.tables.items()}
    return replace(dataset, tables=few, fingerprint="few")


def fit_on(devices: int) -> FitTrial:
    method = Method(
        name="XS",
        model="student-xs",
        image_size=64,
        objective="n-pair",
        recipe=Recipe(epochs=3, precision="fp32", devices=devices),
    )
    return FitTrial(few_outfits_of_closet_12(), method=method, negatives="random", seed=0)


def stop_after_the_first(epoch: Epoch) -> None:
    raise TrainingStopped


@pytest.mark.slow
def test_it_goes_from_one_process_to_two_and_back(tmp_path: Path) -> None:
    one, two = fit_on(1), fit_on(2)
    assert one.hash == two.hash
    alone, shared, back = (tmp_path / name for name in ("alone", "shared", "back"))

    def keep(epoch: Epoch) -> None:
        if epoch.number == 2:
            shutil.copytree(shared, back)

    expected = run_fit(one, alone, {}, "cpu")
    with pytest.raises(TrainingStopped):
        run_fit(one, shared, {}, "cpu", stop_after_the_first)
    found = [run_fit(two, shared, {}, "cpu", keep), run_fit(one, back, {}, "cpu")]
    assert [record.environment.ranks for record in found] == [2, 1]
    truth = load_file(alone / "weights.safetensors")
    for record, folder in zip(found, (shared, back), strict=True):
        assert [epoch.loss for epoch in record.history] == pytest.approx(
            [epoch.loss for epoch in expected.history], rel=1e-4
        )
        weights = load_file(folder / "weights.safetensors")
        for name, right in truth.items():
            near = 1e-3 * float(right.abs().max()) + 1e-6  # a bias that has hardly left 0 is all rounding
            torch.testing.assert_close(
                weights[name], right, rtol=0, atol=near, msg=lambda m, n=name: f"{n}: {m}"
            )
    assert {path.name for path in shared.iterdir()} == {"record.json", "weights.safetensors"}


@pytest.mark.slow
def test_one_that_dies_ends_the_fit_and_all_of_them(tmp_path: Path) -> None:
    def kill_the_second(epoch: Epoch) -> None:
        for process in multiprocessing.active_children():
            if process.name == "rank 1 of 2":
                process.kill()

    with pytest.raises(TrainingError, match="rank 1 of 2: found its process ended with exit status -9"):
        run_fit(fit_on(2), tmp_path, {}, "cpu", kill_the_second)
    assert not multiprocessing.active_children()
    assert (tmp_path / "progress.safetensors").exists()


SUITE = """
title = "Several devices"
datasets = ["closet-12"]
methods = ["n-pair-xs"]
seeds = [0, 1]
[every_method.recipe]
epochs = 2
precision = "fp32"
devices = 2
"""


@pytest.mark.slow
def test_whoever_kills_a_run_of_several_jobs_leaves_none_of_them(tmp_path: Path) -> None:
    suite, out = tmp_path / "suite.toml", tmp_path / "out"
    suite.write_text(SUITE)
    command = [sys.executable, "-m", "outfitbench.cli", "run", str(suite), "--out", str(out), "--jobs", "2"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as run:
        while not list(out.glob("fits/*/progress.safetensors")):
            assert run.poll() is None
            time.sleep(0.1)
        started = psutil.Process(run.pid).children(recursive=True)
        run.kill()
    assert len(started) >= 2 + 2, "jobs, and processes of at least one of them"
    _, alive = psutil.wait_procs(started, timeout=20)
    assert not alive
    told = subprocess.run([*command, "--quiet"], capture_output=True, text=True, check=True)
    assert not told.stderr
    records = [json.loads(path.read_text()) for path in out.glob("fits/*/record.json")]
    assert [record["environment"]["ranks"] for record in records] == [2, 2]
