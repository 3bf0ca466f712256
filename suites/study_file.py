"""A search's study on disk: who tries which point, safe to share between processes and to kill.

It coordinates, no more: the fits stand in folders of their own, so a study that is lost is made again from
them without training. Needs the package optuna.
"""

from __future__ import annotations

import itertools
import json
import logging
import time
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import optuna
from optuna.pruners import BasePruner
from optuna.samplers import RandomSampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, Trial, TrialState

from ..core.claims import Claim
from ..core.errors import Fault, InputError
from ..core.files import locked
from ..core.names import shown, why
from ..core.progress import say
from .search_space import Point, Space

__all__ = ["StudyFile"]

logging.getLogger("optuna").setLevel(logging.WARNING)  # it announces every study and trial

_NAME = "outfitbench tune"
_TERMS = "terms"
_POLL_SECONDS = 1.0
_LOST = "no fit is lost"


class StudyFile:
    """The study of one search.

    Every combination of values is one point; points are taken in an order drawn from the seed, none twice. A
    trial belongs to the process whose claim stands: one whose process died is taken over. No file is locked,
    which some network folders cannot do.

    Args:
        folder: Its own folder.
        terms: What all that share the study must agree on, as JSON values; the first that differs is named.
        space: What is searched.
        seed: Of the order of the points.
        pruner: Ends trials early.

    Raises:
        InputError: If the file in the folder is broken, is no study of ours, or has other terms.
    """

    def __init__(
        self, folder: Path, terms: Mapping[str, Any], space: Space, seed: int, pruner: BasePruner
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._space = space
        self._points = _points(space, seed)
        path = folder / "journal.jsonl"
        self._lock = _Turn(path)
        with self._lock:
            _refuse_broken(path)
            self._storage = _storage(path, self._lock)
            self._study = optuna.create_study(
                storage=self._storage,
                sampler=RandomSampler(seed),  # never asked: the points are enqueued
                pruner=pruner,
                study_name=_NAME,
                direction="maximize",
                load_if_exists=True,
            )
            if _TERMS not in self._study.user_attrs:  # new, or its process died here
                self._study.set_user_attr(_TERMS, dict(terms))
        _refuse_other(self._study.user_attrs[_TERMS], terms, path)

    def locked(self) -> AbstractContextManager[Any]:
        """Keep the study as it is; may be entered again inside."""
        return self._lock

    def trials(self) -> list[FrozenTrial]:
        """Every trial that was begun, in order."""
        return [
            trial for trial in self._study.get_trials(deepcopy=False) if trial.state != TrialState.WAITING
        ]

    def claims(self, budget: int) -> Generator[Trial, None, None]:
        """Trials for this process to run, until so many are over, in whatever processes.

        Close it when leaving early, so that others may go on with the trial that was begun.

        Args:
            budget: How many trials the study is to have; fewer where the space has fewer points.
        """
        told = False
        while True:
            claimed = self._claim(min(budget, len(self._points)))
            if claimed is not None:
                trial, held = claimed
                try:
                    yield trial
                finally:
                    held.release()
            elif running := self._in(TrialState.RUNNING):
                if not told:
                    say(f"waiting for another process: point {running[0].number + 1}")
                    told = True
                time.sleep(_POLL_SECONDS)
            else:
                return

    def epochs(self, trial: Trial) -> set[int]:
        """The epochs that the study was told of already."""
        return set(self.trials()[trial.number].intermediate_values)

    def complete(self, trial: Trial, value: float) -> None:
        """It came to its end with this."""
        self._study.tell(trial, value)

    def prune(self, trial: Trial) -> None:
        """It was ended early."""
        self._study.tell(trial, state=TrialState.PRUNED)

    def fail(self, trial: Trial, reason: str) -> None:
        """It could not be finished."""
        trial.set_user_attr("reason", reason)
        self._study.tell(trial, state=TrialState.FAIL)

    def _in(self, state: TrialState) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False, states=(state,))

    def _claim(self, most: int) -> tuple[Trial, Claim] | None:
        with self._lock:
            for point in self._points[len(self._study.get_trials(deepcopy=False)) : most]:
                self._study.enqueue_trial(dict(point))
            for left in self._in(TrialState.RUNNING):
                if (held := self._hold(left.number)) is not None:
                    study = self._storage.get_study_id_from_name(_NAME)
                    number = self._storage.get_trial_id_from_study_id_trial_number(study, left.number)
                    return self._given(Trial(self._study, number)), held
            if not any(waiting.number < most for waiting in self._in(TrialState.WAITING)):
                return None
            trial = self._given(self._study.ask())  # the first of those that wait
            held = self._hold(trial.number)
            assert held is not None, "nobody else knows of it yet"
            return trial, held

    def _given(self, trial: Trial) -> Trial:
        """The trial with its point among its parameters."""
        for key, values in self._space.items():
            trial.suggest_categorical(key, list(values))
        return trial

    def _hold(self, number: int) -> Claim | None:
        """The right to run a trial, which a process that dies lets go of; None while another has it."""
        claim = Claim(self._folder / f"trial-{number}.claim")
        return claim if claim.take() else None


def _points(space: Space, seed: int) -> list[Point]:
    grid = [dict(zip(space, values, strict=True)) for values in itertools.product(*space.values())]
    return [grid[place] for place in np.random.default_rng(seed).permutation(len(grid))]


class _Turn(JournalFileOpenLock):
    """The right to change the journal; this process may take it again inside.

    One that a process lets go of when it dies; optuna's own stay for half a minute.
    """

    def __init__(self, journal: Path) -> None:
        self._journal, self._depth, self._held = journal, 0, ExitStack()

    def acquire(self) -> bool:
        if not self._depth:
            self._held.enter_context(locked(self._journal))
        self._depth += 1
        return True

    def release(self) -> None:
        self._depth -= 1
        if not self._depth:
            self._held.close()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _storage(path: Path, turn: _Turn) -> JournalStorage:
    try:
        storage = JournalStorage(JournalFileBackend(str(path), turn))
        names = optuna.get_all_study_names(storage)
    except Exception as error:  # lines that are JSON and make no study: optuna has no error for them
        raise InputError(_unreadable(path, f"no study ({why(error)})")) from error
    if names not in ([], [_NAME]):
        raise InputError(_unreadable(path, f"a study called {shown(names[0])}"))
    return storage


def _refuse_broken(path: Path) -> None:
    """Optuna would write on behind a line that was cut short."""
    if not path.exists():
        return
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), start=1):
        if not line.endswith(b"\n"):
            fix = f"remove that line or the file: {_LOST}"
            raise InputError(Fault(f"{path}:{number}", "a line cut short", "a whole line", fix))
        try:
            known = isinstance(json.loads(line), dict)
        except ValueError:
            known = False
        if not known:
            raise InputError(_unreadable(f"{path}:{number}", shown(line.decode(errors="replace").strip())))


def _unreadable(where: str | Path, found: str) -> Fault:
    return Fault(where, found, "the study of a search", f"remove the file: {_LOST}")


def _refuse_other(found: Mapping[str, Any], wanted: Mapping[str, Any], path: Path) -> None:
    for key in wanted:
        if (other := found.get(key)) != wanted[key]:
            fix = f"name another folder with --out, or remove this one: {_LOST}"
            raise InputError(Fault(path, f"a study of {key} {shown(other)}", shown(wanted[key]), fix))
