"""Trials on this machine: one after the other in this process, or side by side in several."""

from __future__ import annotations

import signal
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from multiprocessing import connection, get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich

from ...core.allocator import keep_freed_memory
from ...core.children import end_with_parent, in_environment, tell_lines
from ...core.errors import Fault, InputError
from ...core.machine import usable_cores
from ...core.progress import say
from ...training.environment import Device, choose_device
from ...training.loop import OnEpoch, ignored
from ..attempt import Ended, attempt, claim_of
from ..errand import Errand, Workplace
from ..trial import Trial
from .executor import Executor, register_executor

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["Here", "Processes"]

_DEATHS = 3
"""So often may a trial's process be killed before the trial has failed: memory may be full once."""

_THREADS = "OMP_NUM_THREADS"
_ENDS = (signal.SIGTERM, signal.SIGINT)


@register_executor("local")
def local(errand: Errand, jobs: int | None, address: str) -> Executor:
    """Processes of this machine, `--jobs` of them; with one job this process itself."""
    if address:
        raise InputError(Fault("argument --on", address, "local, which has no address"))
    device = choose_device(errand.device)
    if (jobs or 1) == 1:
        return Here(errand.out, device)
    return Processes(replace(errand, device=device), jobs or 1)


class Here:
    """This process, one trial at a time.

    Args:
        out: Folder of the runs.
        device: "cpu" or "cuda".
        watched: Who is told of the epochs of a fit, by hash; may end it by `TrainingStopped`.
    """

    jobs = 1

    def __init__(self, out: Path, device: Device, watched: Mapping[str, OnEpoch] | None = None) -> None:
        self._out, self._watched = out, watched or {}
        self._device: Device = device
        self._claims: dict[str, Any] = {}
        self._ended: dict[str, Ended] = {}

    def has_room(self) -> bool:
        """Whether the last one was asked for."""
        return not self._ended

    def share(self, trial: Trial[Any]) -> float:
        """All of it."""
        return 1.0

    def get_ready(self, trials: int) -> None:
        """It is."""

    def begin(self, trial: Trial[Any], number: str) -> None:
        """Run it."""
        claim = self._claims.setdefault(trial.hash, claim_of(trial, self._out))
        on_epoch = self._watched.get(trial.hash, ignored)
        self._ended[trial.hash] = attempt(trial, claim, self._out, self._device, number, on_epoch)

    def ended(self, seconds: float) -> dict[str, Ended]:
        """The one that was run."""
        ended, self._ended = self._ended, {}
        return ended

    def close(self) -> None:
        """Nothing runs."""


class Processes:
    """Several processes of this machine, started when they are needed, among which the cores are shared out.

    A process that dies takes nothing with it: its trial is begun again, from its last checkpoint.

    Args:
        errand: What is run.
        jobs: How many.
    """

    def __init__(self, errand: Errand, jobs: int) -> None:
        self.jobs = jobs
        self._errand = errand
        self._threads = max(1, usable_cores() // jobs)
        self._workers: list[_Worker] = []
        self._deaths: Counter[str] = Counter()

    def has_room(self) -> bool:
        """Whether a process is idle, or one more may be started."""
        return len(self._workers) < self.jobs or any(worker.trial is None for worker in self._workers)

    def share(self, trial: Trial[Any]) -> float:
        """One job's."""
        return 1 / self.jobs

    def get_ready(self, trials: int) -> None:
        """Start the processes, which import and plan while the caller goes on."""
        while len(self._workers) < min(self.jobs, trials):
            self._start()

    def begin(self, trial: Trial[Any], number: str) -> None:
        """Give it to an idle process."""
        idle = next((worker for worker in self._workers if worker.trial is None), None)
        (idle or self._start()).begin(trial, number)

    def ended(self, seconds: float) -> dict[str, Ended]:
        """Pass on what the processes say until some trial is over, or the time is."""
        busy = {worker.pipe: worker for worker in self._workers if worker.trial is not None}
        ended: dict[str, Ended] = {}
        for pipe in connection.wait(list(busy), seconds):
            worker = busy[pipe]  # type: ignore[index]
            trial = worker.trial
            assert trial is not None
            try:
                kind, told = pipe.recv()  # type: ignore[union-attr]
            except (EOFError, OSError):
                self._workers.remove(worker)
                ended[trial.hash] = self._died(worker, trial)
                continue
            if kind == "raised":
                raise told
            if kind == "said":
                say(f"[{worker.name}] {told}")
            elif kind == "begun":
                worker.begun = True
            else:
                worker.trial = None
                ended[trial.hash] = Ended(*told)
        return ended

    def close(self) -> None:
        """End the processes; a trial that one of them is at stays where its last checkpoint is."""
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def _start(self) -> _Worker:
        taken = {worker.job for worker in self._workers}
        job = next(job for job in range(1, self.jobs + 1) if job not in taken)
        with in_environment(_THREADS, str(self._threads)):
            self._workers.append(_Worker(self._errand, job))
        return self._workers[-1]

    def _died(self, worker: _Worker, trial: Trial[Any]) -> Ended:
        status = worker.end()
        # Before it was at the trial it may have died of anything: that counts for all trials together.
        counted = trial.hash if worker.begun else ""
        self._deaths[counted] += 1
        if self._deaths[counted] >= _DEATHS:
            what = "its process died" if counted else "processes died before they began,"
            return Ended(failed=f"{what} {_DEATHS} times (exit status {status})")
        say(f"{worker.name} died (exit status {status}), begun again: {trial.label}", style="yellow")
        return Ended(taken_by=worker.name)


class _Worker:
    """One process and the trial it is at."""

    def __init__(self, errand: Errand, job: int) -> None:
        self.job, self.name = job, f"job {job}"
        self.trial: Trial[Any] | None = None
        self.begun = False
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        arguments = (theirs, errand, rich.get_console().quiet)
        # No daemon, which could have no processes of its own: a fit on several devices has.
        self._process = context.Process(target=_work, args=arguments, name=self.name)
        self._process.start()
        theirs.close()

    def begin(self, trial: Trial[Any], number: str) -> None:
        with suppress(OSError):  # it died while idle: the next who listens finds that out
            self.pipe.send((trial.hash, number))
        self.trial, self.begun = trial, False

    def stop(self) -> None:
        """Tell the process to end, whatever it is at."""
        self.pipe.close()
        if self._process.is_alive():
            self._process.terminate()

    def end(self) -> int | None:
        """End the process, and give its exit status."""
        self.stop()
        self._process.join(5)
        self._process.kill()
        self._process.join()
        return self._process.exitcode


def _work(pipe: Connection, errand: Errand, quiet: bool) -> None:
    """What a process does: trials by their hash, until nobody asks for one more, or its parent is gone."""
    end_with_parent()
    keep_freed_memory()
    sys.stdout = sys.stderr
    sending = threading.Lock()

    def send(kind: str, told: object) -> None:
        with sending:
            pipe.send((kind, told))

    tell_lines(lambda line: send("said", line), quiet=quiet)
    with suppress(EOFError, OSError, KeyboardInterrupt):
        for ends in _ENDS:
            signal.signal(ends, _interrupted)  # so that its trial's claim is let go of
        try:
            place = Workplace(errand)
            while True:
                named, number = pipe.recv()
                send("begun", named)
                send("ended", tuple(place.attempt(named, number)))
        except (EOFError, KeyboardInterrupt):
            raise
        except Exception as error:  # no trial's own fault: the caller's to raise
            if not isinstance(error, InputError):
                rich.get_console().print_exception(width=100)
            send("raised", error)
        finally:  # in here, so that what comes before it is done is suppressed, too
            _hear_no_more()


def _interrupted(number: int, frame: object) -> None:
    _hear_no_more()
    raise KeyboardInterrupt


def _hear_no_more() -> None:
    """It ends: being told so once more would be a traceback."""
    for ends in _ENDS:
        signal.signal(ends, signal.SIG_IGN)
