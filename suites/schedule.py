"""The graph in time: each trial begins as soon as what it depends on is finished, wherever there is room.

Where several run side by side, of those that may begin the one goes first behind which most is left to be
done: a teacher that begins last would keep its students, and all but one job, waiting.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.claims import Claim
from ..core.progress import duration, say
from .attempt import Ended, claim_of, has_record
from .trial import Trial

if TYPE_CHECKING:
    from .executors import Executor

__all__ = ["run_trials"]

_POLL_SECONDS = 0.5
"""Between two looks at what other processes may have finished."""

_PATIENCE_SECONDS = 30.0
"""So long may nobody be at a trial of another shard before this one, which has nothing else to do, is."""


def run_trials(
    trials: Sequence[Trial[Any]],
    out: Path,
    executor: Executor,
    seconds: Mapping[str, float] | None = None,
    awaited: Iterable[Trial[Any]] = (),
    on_record: Callable[[Trial[Any]], None] = lambda trial: None,
) -> dict[str, str]:
    """Run all trials without a record.

    Any number of processes may do so in one folder: a trial that another one is at is waited for. So is one
    that these depend on and that is not among them; where nobody begins it, it is begun here.

    Args:
        trials: Each after those it depends on.
        out: Folder of the runs.
        executor: What carries them to where they run; closed by whoever made it.
        seconds: About how long they take, by hash, as far as that is known.
        awaited: What else is to be finished, by whomever, when this ends.
        on_record: Told of each trial that was run here and has its record.

    Returns:
        The messages of those that failed, by hash.

    Raises:
        TrainingStopped: If a fit is ended by who watches it; it has no record then.
    """
    return _Schedule(trials, out, executor, seconds or {}, awaited, on_record).run()


class _Schedule:
    def __init__(
        self,
        trials: Sequence[Trial[Any]],
        out: Path,
        executor: Executor,
        seconds: Mapping[str, float],
        awaited: Iterable[Trial[Any]],
        on_record: Callable[[Trial[Any]], None],
    ) -> None:
        self._out, self._executor, self._seconds = out, executor, seconds
        self._places = {trial.hash: place for place, trial in enumerate(trials, start=1)}
        self._finished: set[str] = set()
        ordered = _most_behind_first(trials, self._seconds) if executor.jobs > 1 else trials
        self._pending = {trial.hash: trial for trial in ordered if not self._has_record(trial)}
        self._awaited = list(awaited)
        self._on_record = on_record
        self._running: set[str] = set()
        self._failed: dict[str, str] = {}
        self._not_before: dict[str, float] = {}
        self._taken: dict[str, str] = {}
        self._others: dict[str, tuple[Claim, float]] = {}
        self._told: set[str] = set()

    def run(self) -> dict[str, str]:
        while self._pending or self._missing():
            begun = self._begin()
            if self._running:
                for named, ended in self._executor.ended(_POLL_SECONDS).items():
                    self._note(named, ended)
            elif not begun:
                self._wait()
        return self._failed

    def _begin(self) -> bool:
        """Begin what is possible, in order; whether anything came of it."""
        before = len(self._pending)
        for trial in list(self._pending.values()):
            if trial.hash in self._running:
                continue
            if reason := self._failed_input(trial):
                self._failed[trial.hash] = reason
                del self._pending[trial.hash]
            elif not all(map(self._has_record, trial.inputs.values())):
                continue
            elif self._not_before.get(trial.hash, 0.0) <= time.monotonic():
                if not self._executor.has_room():
                    break
                self._executor.begin(trial, self._number(trial))
                self._running.add(trial.hash)
        return len(self._pending) < before or bool(self._running)

    def _note(self, named: str, ended: Ended) -> None:
        """What became of a trial that was begun."""
        self._running.remove(named)
        if ended.taken_by:
            self._taken[named] = ended.taken_by
            self._not_before[named] = time.monotonic() + _POLL_SECONDS
            return
        trial = self._pending.pop(named)
        if ended.failed:
            self._failed[named] = ended.failed
        else:
            self._finished.add(named)
            self._on_record(trial)

    def _wait(self) -> None:
        """Wait a little for another process, and say so once; begin what nobody else does."""
        for trial in self._missing():
            if not all(map(self._has_record, trial.inputs.values())):
                continue
            claim, since = self._others.setdefault(trial.hash, (claim_of(trial, self._out), time.monotonic()))
            if not claim.clear():
                self._others[trial.hash] = claim, time.monotonic()
                self._tell(f"waiting for {claim.holder()}: {trial.label}")
            elif time.monotonic() - since < _PATIENCE_SECONDS:
                self._tell(f"waiting for another shard: {trial.label}")
            else:
                self._tell(f"nobody is at it, begun here: {trial.label}")
                self._pending[trial.hash] = trial
                return
        for named, holder in self._taken.items():
            if named in self._pending:
                self._tell(f"waiting for {holder}: {self._pending[named].label}")
                break
        time.sleep(_POLL_SECONDS)

    def _missing(self) -> list[Trial[Any]]:
        """What is not ours to run and has no record, though we need it; each after those it depends on."""
        found: dict[str, Trial[Any]] = {}

        def add(trial: Trial[Any]) -> None:
            known = trial.hash in found or trial.hash in self._pending or trial.hash in self._failed
            if known or self._has_record(trial):
                return
            if reason := self._failed_input(trial):
                self._failed[trial.hash] = reason
                return
            for needed in trial.inputs.values():
                add(needed)
            found[trial.hash] = trial

        for trial in self._awaited:
            add(trial)
        for trial in self._pending.values():
            for needed in trial.inputs.values():
                add(needed)
        return list(found.values())

    def _has_record(self, trial: Trial[Any]) -> bool:
        if trial.hash not in self._finished and has_record(trial, self._out):
            self._finished.add(trial.hash)
        return trial.hash in self._finished

    def _failed_input(self, trial: Trial[Any]) -> str:
        for role, needed in trial.inputs.items():
            if needed.hash in self._failed:
                return f"its {role} failed ({needed.label})"
        return ""

    def _number(self, trial: Trial[Any]) -> str:
        """Which of how many it is, and about how long all fits that are still to be trained will take."""
        place = self._places.get(trial.hash)
        number = f"trial {place} of {len(self._places)}" if place else "trial of another shard"
        seconds = sum(
            self._seconds[left] * self._executor.share(self._pending[left])
            for left in self._pending.keys() & self._seconds.keys()
        )
        return number + (f", about {duration(seconds)} of training left" if seconds else "")

    def _tell(self, text: str) -> None:
        if text not in self._told:
            say(text)
            self._told.add(text)


def _most_behind_first(trials: Sequence[Trial[Any]], seconds: Mapping[str, float]) -> list[Trial[Any]]:
    """Trials by the seconds of the longest chain that each begins; of equals in the graph's order."""
    after: dict[str, float] = {}
    chains: dict[str, float] = {}
    for trial in reversed(trials):  # each before those it depends on
        chains[trial.hash] = seconds.get(trial.hash, 0.0) + after.get(trial.hash, 0.0)
        for needed in trial.inputs.values():
            after[needed.hash] = max(after.get(needed.hash, 0.0), chains[trial.hash])
    return sorted(trials, key=lambda trial: -chains[trial.hash])
