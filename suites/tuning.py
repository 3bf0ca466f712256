"""Searching a method's values on its validation half: each point is a fit, as any other of the graph.

The space is a grid of few values, the same for all methods where they share an option, so every row has the
same budget: at most so many points, in an order drawn from a seed. (A sampler that models what it has seen
needs more trials than these grids have points, and comes back to points that it knows.) Nothing looks at the
test set.

Needs the packages optuna and tomlkit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Set
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

from optuna.pruners import MedianPruner, NopPruner
from optuna.trial import FrozenTrial, TrialState
from optuna.trial import Trial as StudyTrial

from ..core.files import atomic_file
from ..core.machine import package_versions
from ..core.progress import duration, say
from ..training.environment import Device, choose_device
from ..training.errors import TrainingError, TrainingStopped
from ..training.history import Epoch
from .attempt import trial_folder
from .executors.local import Here
from .method_toml import method_toml
from .record_files import RECORD_FILE, load_record
from .records import FitRecord
from .runner import RunOutcome, rehearse_fits
from .schedule import run_trials
from .search import Search
from .search_space import size, with_values
from .study_file import StudyFile
from .study_record import State, StudyRecord, TriedPoint
from .trial import Trial

__all__ = ["tune"]

_STARTUP = 4
"""Points that are complete before others are ended early: as many as there are learning rates."""

_STATES: dict[TrialState, State] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
}


def tune(search: Search, out: Path, device: str = "auto") -> StudyRecord:
    """Try points of the method's space, and write the method's file with what the best of them was given.

    `out` holds the fits, as of any run; `METHOD.study.json` and, from the first complete point on,
    `METHOD.toml`; and `METHOD.study/`, where processes that share the search agree. A search that was
    interrupted goes on, and so does its unfinished fit.

    Args:
        search: What is searched.
        out: Folder of the search; any number of processes may share it.
        device: "auto", "cpu" or "cuda".

    Returns:
        The record of the study when its points are tried, in whatever processes.

    Raises:
        InputError: If the method, its space or the study's file cannot be used.
        TrainingError: If a fit that every point needs fails.
    """
    return _Tuning(search, out, choose_device(device)).run()


class _Tuning:
    """A search under way in this process."""

    def __init__(self, search: Search, out: Path, device: Device) -> None:
        self._search, self._out = search, out
        self._device: Device = device
        self._budget = min(search.budget, size(search.space))
        self._needed, self._fit = search.plan(search.base)
        self._epochs = search.base.recipe.epochs
        warmup = math.ceil(self._epochs / 3)
        told = f"below the median of {_STARTUP} or more at its epoch, from {warmup} on"
        self._pruning = told if search.prune else None
        self._study = StudyFile(
            out / f"{search.method}.study",
            self._terms(),
            search.space,
            search.seed,
            MedianPruner(n_startup_trials=_STARTUP, n_warmup_steps=warmup) if search.prune else NopPruner(),
        )

    def _terms(self) -> dict[str, Any]:
        """What the study's processes agree on; the hash holds all else that decides."""
        search = self._search
        return {
            "method": search.method,
            "dataset": search.dataset.name,
            "split": search.dataset.split_scheme,
            "negatives": search.negatives,
            "seed": search.seed,
            "suite": search.named,
            "epochs": self._epochs,
            "space": {key: list(values) for key, values in search.space.items()},
            "pruning": self._pruning,
            "fit": self._fit.hash,
        }

    def run(self) -> StudyRecord:
        """Run what the study still lacks."""
        for note in self._search.notes:
            say(f"note: {note}", style="yellow")
        with closing(self._study.claims(self._budget)) as claims:
            for count, trial in enumerate(claims):
                if not count:
                    self._run_needed()
                self._try(trial)
                self._write()
        return self._write()

    def _run_needed(self) -> None:
        """Train what all points share, after finding that a point can be trained, and about how long."""
        outcome = self._outcome([*self._needed, self._fit])
        rehearse_fits(outcome, self._device, fetch=True)
        each = outcome.seconds.pop(self._fit.hash, None)
        about = "" if each is None else f", about {duration(each)} of training each"
        say(f"{self._search.method}: {self._budget} of {size(self._search.space)} points{about}")
        here = Here(self._out, self._device)
        if failed := run_trials(self._needed, self._out, here, outcome.seconds):
            label = next(trial.label for trial in self._needed if trial.hash in failed)
            raise TrainingError(f"{label}: {next(iter(failed.values()))}")

    def _try(self, trial: StudyTrial) -> None:
        """Train one point, and tell the study what came of it."""
        needed, fit = self._search.plan(with_values(self._search.base, trial.params))
        trial.set_user_attr("fit", fit.hash)
        name = f"point {trial.number + 1} of {self._budget}"
        say(f"{name}: {', '.join(f'{key} = {value}' for key, value in trial.params.items())}")
        watch = _Watch(trial, self._epochs, self._study.epochs(trial))
        here = Here(self._out, self._device, {fit.hash: watch})
        try:
            failed = run_trials([*needed, fit], self._out, here)
        except TrainingStopped:
            self._study.prune(trial)
            say(f"{name}: ended early, {self._pruning}")
            return
        if failed:
            self._study.fail(trial, failed[fit.hash])
            return
        record = load_record(trial_folder(self._out, fit) / RECORD_FILE)
        assert isinstance(record, FitRecord)  # a fit's
        watch.catch_up(record.history)
        self._study.complete(trial, record.valid_auc)
        say(f"{name}: validation AUC {record.valid_auc:.4f}")

    def _outcome(self, trials: list[Trial[Any]]) -> RunOutcome:
        finished = (trial.hash for trial in trials if (trial_folder(self._out, trial) / RECORD_FILE).exists())
        return RunOutcome(trials, frozenset(finished))

    def _write(self) -> StudyRecord:
        """Write what the study has come to: the record, and the method's file once there is a best point."""
        search = self._search
        with self._study.locked():  # or a process that knows less could write last
            record = self._record([_tried(trial) for trial in self._study.trials()])
            with atomic_file(self._out / f"{search.method}.study.json") as part:
                part.write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")
            if (winner := record.winner) is not None:
                under = f", suite {search.named}" if search.named else ""
                told = (
                    f"{search.dataset.name}, {search.negatives} negatives{under}: the best validation AUC "
                    f"({winner.kept:.4f}) of {len(record.points)} points; {search.method}.study.json"
                )
                text = method_toml(search.file or search.base, winner.values, told)
                with atomic_file(self._out / f"{search.method}.toml") as part:
                    part.write_text(text, encoding="utf-8")
        return record

    def _record(self, points: list[TriedPoint]) -> StudyRecord:
        search = self._search
        complete = [point for point in points if point.kept is not None]
        return StudyRecord(
            method=search.method,
            name=search.base.name,
            suite=search.named,
            dataset=search.dataset.name,
            data_fingerprint=search.dataset.fingerprint,
            split_scheme=search.dataset.split_scheme,
            negatives=search.negatives,
            validation=search.base.validation,
            seed=search.seed,
            epochs=self._epochs,
            space={key: list(values) for key, values in search.space.items()},
            budget=self._budget,
            pruning=self._pruning,
            points=points,
            best=max(complete, key=lambda point: point.kept or 0.0).number if complete else None,
            notes=search.notes,
            versions=package_versions() | {"optuna": version("optuna")},
        )


class _Watch:
    """Tells the study of a fit's epochs, and ends the fit that its pruner gives up.

    Args:
        trial: The study's.
        epochs: Of the fit, at most; after the last there is nothing to save.
        known: Epochs that the study was told of before, by a process that died.
    """

    def __init__(self, trial: StudyTrial, epochs: int, known: Set[int]) -> None:
        self._trial, self._epochs, self._known = trial, epochs, set(known)

    def __call__(self, epoch: Epoch) -> None:
        self.catch_up([epoch])
        if epoch.number < self._epochs and self._trial.should_prune():
            raise TrainingStopped(f"epoch {epoch.number}")

    def catch_up(self, history: Iterable[Epoch]) -> None:
        """Tell of what the study has not heard; another process may have trained the fit."""
        for epoch in history:
            if epoch.number not in self._known:
                self._trial.report(epoch.valid_auc, epoch.number)
                self._known.add(epoch.number)


def _tried(trial: FrozenTrial) -> TriedPoint:
    return TriedPoint(
        number=trial.number + 1,
        values=trial.params,
        state=_STATES[trial.state],
        fit=trial.user_attrs.get("fit"),
        valid_auc=[auc for _, auc in sorted(trial.intermediate_values.items())],
        kept=trial.value if trial.state == TrialState.COMPLETE else None,
        reason=trial.user_attrs.get("reason", ""),
    )
