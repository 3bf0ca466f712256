"""Trials on a Ray cluster: each a task with resources of its own, on whichever machine has them.

Needs the package ray, which is imported when a cluster is asked for.
"""

from __future__ import annotations

import pickle
import time
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from ...core.errors import Fault, InputError
from ...core.progress import say
from ...training.network import is_heavy
from ..attempt import Ended, trial_folder
from ..errand import Errand
from ..trial import FitTrial, Trial
from .executor import Executor, register_executor
from .ray_address import connect, first_line
from .ray_node import entrance, identify, pack, unpack

__all__ = ["RayTasks"]

_HEAVY_CORES = 4
"""For training that encodes images: more cores than that it hardly uses."""

_RETRIES = 3
"""So often is a trial begun again whose process or machine is lost."""

_SEEN_SECONDS = 5.0
"""How old what is known of the cluster's size may be; and how long its last words are waited for."""


@register_executor("ray")
def on_ray(errand: Errand, jobs: int | None, address: str) -> Executor:
    """A Ray cluster: that of an address `ray://HOST:PORT`, the one this machine is in, or one of its own."""
    return RayTasks(connect(address), errand, jobs)


class RayTasks:
    """A cluster that this process is connected to.

    Args:
        ray: The package.
        errand: What is run; the datasets' root and the plugins must be at the same place on all machines.
        jobs: How many trials at a time; None for as many as there is room for.
    """

    def __init__(self, ray: Any, errand: Errand, jobs: int | None) -> None:  # noqa: ANN401
        self._ray = ray
        self._asked = jobs
        self._size: tuple[float, int, int] = (0.0, 0, 0)
        self._out = errand.out.absolute()
        self._cuda = errand.device == "cuda"
        if self._cuda and not ray.cluster_resources().get("GPU"):
            raise InputError(Fault("argument --device", "cuda", "cpu, as the Ray cluster has no GPU"))
        theirs = replace(
            errand,
            out=self._out,
            root=None if errand.root is None else errand.root.absolute(),
            plugins=tuple(path.absolute() for path in errand.plugins),
        )
        self._heard = ray.remote(_what_is_heard()).options(num_cpus=0, max_restarts=-1).remote()
        self._taking = self._heard.take.remote()
        self._task = ray.remote(entrance())
        self._given = version("outfitbench"), ray.put(pickle.dumps(theirs)), identify(self._out), self._heard
        self._running: dict[Any, Trial[Any]] = {}
        self._sends_files = False
        self._sent: dict[str, Any] = {}

    @property
    def jobs(self) -> int:
        """As many as were asked for, or as the cluster has cores."""
        return self._asked or self._cores()[0]

    def has_room(self) -> bool:
        """Whether there are fewer than that; Ray itself sees to it that each gets its resources."""
        return len(self._running) < self.jobs

    def begin(self, trial: Trial[Any], number: str) -> None:
        """Hand it to the cluster."""
        cores, gpus = self._needs(trial)
        inputs = [(self._place(needed), self._files(needed)) for needed in trial.inputs.values()]
        task = self._task.options(
            name=trial.label, num_cpus=cores, num_gpus=gpus, max_retries=_RETRIES, retry_exceptions=False
        )
        self._running[task.remote(*self._given, trial.hash, self._place(trial), inputs, number)] = trial

    def ended(self, seconds: float) -> dict[str, Ended]:
        """Pass on what the machines say, and take what is over."""
        running = list(self._running)
        try:
            over, _ = self._ray.wait(running, num_returns=1, timeout=seconds)
            if over:
                over, _ = self._ray.wait(running, num_returns=len(running), timeout=0)
            self._pass_on()
            self._cores()  # or nobody is told that there are none any more
        except ConnectionError as error:
            fix = "start the same command again when it is back: finished trials are kept"
            raise InputError(Fault("the Ray cluster", first_line(error), "an answer", fix)) from error
        return {trial.hash: self._ended(work, trial) for work in over if (trial := self._running.pop(work))}

    def close(self) -> None:
        """Cancel what runs, and let go of the cluster."""
        for work in self._running:
            with suppress(Exception):
                self._ray.cancel(work, force=True)
        with suppress(ConnectionError):
            for _ in range(2):  # what is on its way, and what came meanwhile
                self._pass_on(_SEEN_SECONDS)
        self._running.clear()
        self._ray.shutdown()

    def _place(self, trial: Trial[Any]) -> str:
        return trial_folder(self._out, trial).relative_to(self._out).as_posix()

    def _files(self, trial: Trial[Any]) -> Any:  # noqa: ANN401 - Ray's reference
        """A finished trial's files in the object store, where machines are known to need them."""
        if self._sends_files and trial.hash not in self._sent:
            try:
                self._sent[trial.hash] = self._ray.put(pack(trial_folder(self._out, trial)))
            except self._ray.exceptions.RayError as error:  # it is full, and so is the disk behind it
                expected = f"room for the files of {trial.label}"
                fix = "or give a folder --out that all machines see"
                raise InputError(Fault("Ray's object store", first_line(error), expected, fix)) from error
        return self._sent.get(trial.hash)

    def _ended(self, work: Any, trial: Trial[Any]) -> Ended:  # noqa: ANN401 - Ray's reference
        try:
            node, (failed, taken_by), files = self._ray.get(work)
        except self._ray.exceptions.RayTaskError as error:
            # What a trial meets it tells itself: this could not begin, as what we need is not there.
            return Ended(failed=f"{first_line(error.cause)} ({first_line(error)})")
        except self._ray.exceptions.RayError as error:  # its process or machine was lost, and lost again
            return Ended(failed=first_line(error))
        folder = trial_folder(self._out, trial)
        if files is not None:
            self._sends_files = True
            unpack(files, folder)
        for place in (folder.parent, folder):  # of a network folder its listing tells what is new in it
            with suppress(OSError):
                list(place.iterdir())
        return Ended(failed and f"{failed} (on {node})", taken_by)

    def _pass_on(self, seconds: float = 0.0) -> None:
        ready, _ = self._ray.wait([self._taking], timeout=seconds)
        if ready:
            with suppress(self._ray.exceptions.RayError):  # what was said on a lost machine is lost
                for line in self._ray.get(self._taking):
                    say(line)
            self._taking = self._heard.take.remote()

    def _cores(self) -> tuple[int, int]:
        """Cores of the cluster, and of its largest machine; one where there is none, which is waited for."""
        seen, total, largest = self._size
        if time.monotonic() - seen > _SEEN_SECONDS:
            alive = [int(node["Resources"].get("CPU", 0)) for node in self._ray.nodes() if node["Alive"]]
            if not any(alive) and (total or not seen):
                say("waiting for a machine with cores in the Ray cluster", style="yellow")
            total, largest = sum(alive), max(alive, default=0)
            self._size = time.monotonic(), total, largest
        return max(total, 1), max(largest, 1)

    def _needs(self, trial: Trial[Any]) -> tuple[int, float]:
        """Cores, and the share of a GPU, that a trial takes."""
        total, largest = self._cores()
        heavy = isinstance(trial, FitTrial) and is_heavy(trial.method, trial.dataset)
        cores = max(1, total // self._asked) if self._asked else _HEAVY_CORES if heavy else 1
        return min(cores, largest), (1.0 if heavy else 0.25) if self._cuda else 0.0


def _what_is_heard() -> type:
    """A class that keeps what the machines say until the caller asks.

    Made in a function, it goes to its process as it is; one of this module would have torch imported there.
    """

    class Heard:
        def __init__(self) -> None:
            self._lines: list[str] = []

        def hear(self, line: str) -> None:
            self._lines.append(line)

        def take(self) -> list[str]:
            lines, self._lines = self._lines, []
            return lines

    return Heard
