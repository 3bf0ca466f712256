"""Trackers: what each is told is what its own reader finds, and one that fails harms nothing."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from outfitbench.core.errors import InputError
from outfitbench.suites import run_suite
from outfitbench.suites.record_files import write_record
from outfitbench.suites.suite_file import Suite
from outfitbench.suites.trackers import TRACKERS, Tracked, Tracking, register_tracker, tracker
from outfitbench.suites.trackers.tracker import tracked_trial

from ..reports.made_records import evaluation, fit, on_disk, user_scores

LABEL = "FND XS · closet-24 · random · seed 0"
FIT = on_disk(evaluation(fit("FND XS"), user_scores(0.8))).fit
TOLD: list[Tracked] = []

TAKES_A_TRIAL = """
import sys
from pathlib import Path
from outfitbench.suites.trackers import TRACKERS, Tracked

tracker = TRACKERS.get(sys.argv[1])(Path(sys.argv[2]))
found = {"parameters": {"seed": 0}, "curves": {"loss": [2.0, 1.0]}, "results": {"auc": 0.75}}
tracker.take(Tracked(trial="0" * 16, kind="fit", label="a fit", record=Path("record.json"), **found))
tracker.close()
"""


@register_tracker("test-listening")
class Listening:
    """Remembers what it is told."""

    def __init__(self, folder: Path) -> None:
        TOLD.clear()

    def take(self, trial: Tracked) -> None:
        TOLD.append(trial)

    def close(self) -> None:
        """Nothing is open."""


@register_tracker("test-failing")
class Failing(Listening):
    """Fails at the first trial."""

    def __init__(self, folder: Path) -> None:
        """Opens."""

    error: BaseException = OSError()

    def take(self, trial: Tracked) -> None:
        raise self.error


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """The folders of two finished fits and of one without a record."""
    found = [tmp_path / "fits" / name for name in ("one", "two", "three")]
    for folder in found[:2]:
        write_record(FIT, folder)
    found[2].mkdir(parents=True)
    return found


def told_of(trial: Tracked, folder: Path, name: str) -> None:
    opened = TRACKERS.get(name)(folder)
    opened.take(trial)
    opened.close()


def test_a_trial_is_told_by_its_curves_parameters_results_and_record(tmp_path: Path) -> None:
    record = fit("FND XS", auc=0.9, objective="fnd")
    of_fit = tracked_trial(record, LABEL, tmp_path / "record.json")
    assert of_fit.curves["loss"] == [3 / n for n in range(1, 7)]
    assert of_fit.curves["valid_auc"][4] == of_fit.results["best_valid_auc"] == 0.9
    assert of_fit.results["best_epoch"] == 5
    assert of_fit.parameters["seed"] == 0
    assert of_fit.parameters["model.image_size"] == 64
    assert of_fit.parameters["objectives.0.name"] == "fnd"
    assert (of_fit.record, of_fit.trial) == (tmp_path / "record.json", record.trial)
    ranked = evaluation(record, user_scores(0.8))
    of_evaluation = tracked_trial(ranked, LABEL, tmp_path / "record.json")
    assert of_evaluation.results["auc"] == pytest.approx(sum(ranked.test.auc) / 24)
    assert set(of_evaluation.results) == {"auc", "ndcg", "ndcg_standard"}


def test_each_trial_is_told_once_also_by_a_run_that_goes_on(tmp_path: Path, folders: list[Path]) -> None:
    tracking = Tracking(["test-listening", "test-listening"], tmp_path)
    for folder in [*folders, *folders]:
        tracking.take(folder, LABEL)
    tracking.close()
    assert [trial.record.parent.name for trial in TOLD] == ["one", "two"]
    write_record(FIT, folders[2])
    tracking = Tracking(["test-listening"], tmp_path)
    for folder in folders:
        tracking.take(folder, LABEL)
    assert [trial.record.parent.name for trial in TOLD] == ["three"]


@pytest.mark.parametrize("error", [OSError("no route to host"), SystemExit("no route to host")])
def test_one_that_fails_is_said_once_and_the_others_go_on(
    tmp_path: Path,
    folders: list[Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    monkeypatch.setattr(Failing, "error", error)
    tracking = Tracking(["test-failing", "test-listening"], tmp_path)
    for folder in folders:
        tracking.take(folder, LABEL)
    tracking.close()
    assert len(TOLD) == 2
    said = " ".join(capsys.readouterr().out.split())
    kind = type(error).__name__
    assert said == f"tracker test-failing: {kind} (no route to host); the run goes on without it"


def test_one_that_has_no_folder_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tracking").touch()
    Tracking(["test-listening"], tmp_path).close()
    said = " ".join(capsys.readouterr().out.split())
    assert "tracker test-listening: NotADirectoryError" in said
    assert said.endswith("the run goes on without it")


def test_an_unknown_one_and_one_whose_package_is_missing_are_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"argument --tracker: found 'tensorbord', .*nearest: tensorboard"):
        Tracking(["tensorbord"], tmp_path)
    monkeypatch.setattr(tracker, "find_spec", lambda package: None)
    for name in ("tensorboard", "mlflow", "wandb"):
        with pytest.raises(InputError, match=rf"found {name} without its package, .*outfitbench\[{name}\]"):
            Tracking([name], tmp_path)


def test_tensorboard_finds_the_curves(tmp_path: Path) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    told_of(tracked_trial(fit("FND XS"), LABEL, tmp_path / "record.json"), tmp_path / "events", "tensorboard")
    (folder,) = (tmp_path / "events").iterdir()
    found = events.EventAccumulator(str(folder)).Reload()
    assert [(event.step, event.value) for event in found.Scalars("loss")] == [
        (n, pytest.approx(3 / n)) for n in range(1, 7)
    ]
    (record,) = found.Tensors("record/text_summary")
    assert record.tensor_proto.string_val[0].decode() == str(tmp_path / "record.json")


@pytest.mark.trackers
@pytest.mark.filterwarnings("ignore")  # MLflow's and SQLAlchemy's own
def test_mlflow_finds_the_curves(tmp_path: Path) -> None:
    trial = tracked_trial(fit("FND XS"), LABEL, tmp_path / "record.json")
    (tmp_path / "store").mkdir()
    told_of(trial, tmp_path / "store", "mlflow")
    with sqlite3.connect(tmp_path / "store" / "mlflow.db") as store:
        curve = store.execute("select step, value from metrics where key = 'loss' order by step").fetchall()
        (tag,) = store.execute("select value from tags where key = 'outfitbench.record'").fetchone()
        ((name, status),) = store.execute("select name, status from runs").fetchall()
    assert curve == [(n, 3 / n) for n in range(1, 7)]
    assert (tag, name, status) == (str(trial.record), LABEL, "FINISHED")


@pytest.mark.trackers
def test_wandb_writes_an_offline_run(tmp_path: Path) -> None:
    trial = tracked_trial(fit("FND XS"), LABEL, tmp_path / "record.json")
    told_of(trial, tmp_path, "wandb")
    (written,) = tmp_path.glob(f"wandb/offline-run-*/run-{trial.trial}.wandb")
    assert str(trial.record).encode() in written.read_bytes()


@pytest.mark.trackers
@pytest.mark.parametrize("name", ["tensorboard", "mlflow", "wandb"])
def test_no_server_is_asked(tmp_path: Path, name: str) -> None:
    """Neither of what is tracked, nor of how the package is used: all that would go through this proxy."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        proxies = {f"{scheme}_PROXY": address for scheme in ("HTTP", "HTTPS", "ALL")}
        # Nothing else of ours: in a test, or where a CI runs, MLflow does not report of itself.
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **proxies}
        command = [sys.executable, "-c", TAKES_A_TRIAL, name, str(tmp_path)]
        subprocess.run(command, env=environment, cwd=tmp_path, check=True, capture_output=True)
        proxy.setblocking(False)
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_a_run_tells_of_all_its_trials(smoke: Suite, finished: Path, tmp_path: Path) -> None:
    out = shutil.copytree(finished, tmp_path / "out")
    outcome = run_suite(smoke, out, device="cpu", trackers=["test-listening"])
    assert {trial.trial for trial in TOLD} == {trial.hash for trial in outcome.trials}
    assert all(trial.label and trial.parameters for trial in TOLD)
