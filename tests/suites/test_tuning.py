"""A search run for real: each point a fit, the best in the method's file, nothing trained twice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from optuna.pruners import ThresholdPruner
from outfitbench.core.toml_file import parse, read_toml
from outfitbench.models.backbones import ImageNetwork, register_backbone
from outfitbench.suites import tuning
from outfitbench.suites.record_files import load_record
from outfitbench.suites.search import Search, load_search
from outfitbench.suites.study_record import StudyRecord
from outfitbench.training.method import Method
from torch import nn

SUITE = """
title = "Tuned"
datasets = ["closet-12"]
methods = ["n-pair-xs"]
[every_method.recipe]
batch_size = 64
precision = "fp32"
"""
SMALL = """
[method.n-pair-xs]
backbone = "shades"
image_size = 16
"""


@pytest.fixture(autouse=True)
def shades(own_registry: None) -> None:
    """A network that takes no time."""

    @register_backbone("shades")
    def shades(pretrained: bool) -> ImageNetwork:
        """One convolution and the mean."""
        network = nn.Sequential(nn.Conv2d(3, 16, 4, stride=4), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        return ImageNetwork(network, width=16, input_size=16, smallest=8)


def small(home: Path, budget: int, epochs: int = 1, *, prune: bool = True) -> Search:
    suite = home / "small.toml"
    suite.write_text(SUITE + SMALL)
    return load_search("n-pair-xs", "closet-12", budget, suite=str(suite), epochs=epochs, prune=prune)


@pytest.fixture
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, StudyRecord]:
    out = tmp_path_factory.mktemp("searched")
    return out, tuning.tune(small(out, 2), out, "cpu")


def test_a_search_writes_the_best_of_its_points(searched: tuple[Path, StudyRecord]) -> None:
    out, record = searched
    assert StudyRecord.model_validate_json((out / "n-pair-xs.study.json").read_bytes()) == record
    assert [point.state for point in record.points] == ["complete"] * 2
    fits = [load_record(out / "fits" / str(point.fit) / "record.json") for point in record.points]
    assert [point.kept for point in record.points] == [fit.valid_auc for fit in fits]
    assert [point.valid_auc for point in record.points] == [[fit.history[0].valid_auc] for fit in fits]
    rates = [point.values["recipe.learning_rate"] for point in record.points]
    assert [fit.recipe["learning_rate"] for fit in fits] == rates
    assert len(set(rates)) == 2
    assert set(rates) < {0.015, 0.05, 0.15, 0.5}
    best = max(fits, key=lambda fit: fit.valid_auc)
    method = parse(Method, read_toml(out / "n-pair-xs.toml"), "found")
    assert method.recipe.learning_rate == best.recipe["learning_rate"]
    assert method.image_size == Method.model_fields["image_size"].default, (
        "the suite's own overrides stay its own"
    )
    assert not (out / "evaluations").exists(), "nothing saw the test set"


def test_a_search_that_is_over_trains_nothing(searched: tuple[Path, StudyRecord]) -> None:
    out, record = searched
    before = {path: path.stat().st_mtime_ns for path in (out / "fits").rglob("*")}
    assert tuning.tune(small(out, 2), out, "cpu") == record
    shutil.rmtree(out / "n-pair-xs.study")  # a study that is lost is made again from its fits
    assert tuning.tune(small(out, 2), out, "cpu") == record
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_an_interrupted_search_goes_on_where_it_stood(
    searched: tuple[Path, StudyRecord], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tuning._Watch, "__call__", interrupt)
        with pytest.raises(KeyboardInterrupt):
            tuning.tune(small(tmp_path, 2), tmp_path, "cpu")
    (begun,) = (tmp_path / "fits").glob("*/progress.safetensors")
    kept = begun.parent
    record = tuning.tune(small(tmp_path, 2), tmp_path, "cpu")
    assert record == searched[1], "as if it had never stopped"
    assert kept.name == record.points[0].fit


def test_a_point_that_falls_behind_is_ended_and_can_be_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(
            tuning, "MedianPruner", lambda **_: ThresholdPruner(lower=1.0)
        )  # nothing is good enough
        ended = tuning.tune(small(tmp_path, 1, epochs=3), tmp_path, "cpu")
    (point,) = ended.points
    assert (point.state, len(point.valid_auc), point.kept, ended.best) == ("pruned", 1, None, None)
    assert not (tmp_path / "n-pair-xs.toml").exists()
    folder = tmp_path / "fits" / str(point.fit)
    assert (folder / "progress.safetensors").exists()
    assert not (folder / "record.json").exists()

    shutil.rmtree(tmp_path / "n-pair-xs.study")
    whole = tuning.tune(small(tmp_path, 1, epochs=3, prune=False), tmp_path, "cpu")
    assert whole.points[0].fit == point.fit
    assert whole.points[0].valid_auc[:1] == point.valid_auc
    assert len(whole.points[0].valid_auc) == 3


@pytest.mark.slow
def test_two_processes_share_a_search_and_one_outlives_the_other(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(SUITE)
    command = [sys.executable, "-m", "outfitbench.cli", "tune", "n-pair-xs", "--dataset", "closet-12"]
    command += ["--suite", str(tmp_path / "small.toml"), "--trials", "4", "--epochs", "3", "--unpruned"]
    command += ["--out", str(tmp_path), "--device", "cpu", "--json", "--quiet"]

    def start() -> subprocess.Popen[bytes]:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    killed, other = start(), start()
    while killed.poll() is None and not list(tmp_path.glob("fits/*/progress.safetensors")):
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    printed, stderr = other.communicate()
    assert other.returncode == 0, stderr.decode()
    points = json.loads(printed)["study"]["points"]
    assert [point["state"] for point in points] == ["complete"] * 4
    assert sorted(point["values"]["recipe.learning_rate"] for point in points) == [0.015, 0.05, 0.15, 0.5]
    assert len(list(tmp_path.glob("fits/*/record.json"))) == 4
