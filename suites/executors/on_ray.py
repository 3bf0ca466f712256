"""Trials on a Ray cluster: each a task with resources of its own, on whichever machine has them.

Needs the package ray, which is imported when a cluster is asked for.
"""

from __future__ import annotations

import pickle
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...core.errors import InputError
from ...core.progress import say
from ...core.ray_cluster import Needs, RayCluster, TaskLostError
from ...core.shared_folder import identify
from ...training.checkpoint import PROGRESS_FILE
from ...training.network import is_heavy, parameters_of
from ..attempt import Ended, trial_folder
from ..errand import Errand
from ..trial import FitTrial, Trial
from .executor import Executor, register_executor
from .ray_node import attempt_here, pack, unpack

__all__ = ["RayTasks", "machine_needs"]

_HEAVY_CORES = 4
"""For training that encodes images: more cores than that it hardly uses."""

_PROCESS_BYTES = 1 << 30
"""Of a process that has PyTorch and a dataset's tables; images are mapped from files."""

_BYTES_A_PARAMETER = 16
"""In training: the weight, its gradient, and two numbers of the optimizer's, in float32."""

_LAST_WORDS_SECONDS = 5.0

_LOSSES = 3
"""So often is a trial begun again whose process or machine was lost: it may be what its process died of."""


@register_executor("ray")
def on_ray(errand: Errand, jobs: int | None, address: str) -> Executor:
    """A Ray cluster: that of an address `ray://HOST:PORT`, the one this machine is in, or one of its own."""
    cluster = RayCluster(address, errand.device)
    try:
        return RayTasks(cluster, errand, jobs)
    except InputError:
        cluster.close()
        raise


class RayTasks:
    """The machines of a cluster.

    Args:
        cluster: Where trials run.
        errand: What is run; the datasets' root and the plugins must be at the same place on all machines.
        jobs: How many trials at a time; None for as many as there is room for.
    """

    def __init__(self, cluster: RayCluster, errand: Errand, jobs: int | None) -> None:
        self._cluster, self._asked = cluster, jobs
        self._out = errand.out.absolute()
        theirs = replace(
            errand,
            out=self._out,
            device=cluster.device,
            root=None if errand.root is None else errand.root.absolute(),
            cache=None if errand.cache is None else errand.cache.absolute(),
            plugins=tuple(path.absolute() for path in errand.plugins),
        )
        heard = cluster.ray.remote(_what_is_heard())
        self._heard = heard.options(num_cpus=0, max_restarts=-1).remote()
        self._taking = self._heard.take.remote()
        put = cluster.put(pickle.dumps(theirs), "the suite")
        self._given = put, identify(self._out), self._heard
        self._running: dict[Any, Trial[Any]] = {}
        self._losses: Counter[tuple[str, float | None]] = Counter()
        if errand.device == "auto" and cluster.device == "cuda":
            say("the Ray cluster has GPUs: trials take a share of one (--device cpu for none)")
        self._refused: dict[str, Ended] = {}
        self._sends_files = False
        self._sent: dict[str, Any] = {}

    @property
    def jobs(self) -> int:
        """As many as were asked for, or as the cluster has cores."""
        return self._asked or self._cluster.cores

    def has_room(self) -> bool:
        """Whether there are fewer than that; Ray itself sees to it that each gets its resources."""
        return len(self._running) < self.jobs

    def share(self, trial: Trial[Any]) -> float:
        """The part of all cores that it takes."""
        return self._cluster.share(self._needs(trial))

    def get_ready(self, trials: int) -> None:
        """The machines are."""

    def begin(self, trial: Trial[Any], number: str) -> None:
        """Hand it to the cluster."""
        needs = self._needs(trial)
        try:
            inputs = [(self._place(needed), self._files(needed)) for needed in trial.inputs.values()]
        except InputError as error:  # no room for them in the object store; others may need none
            self._refused[trial.hash] = Ended(failed=str(error))
            return
        given = *self._given, trial.hash, self._place(trial), inputs, number
        # No retries: how often it was lost is counted here, whoever is found at it in between.
        work = self._cluster.begin(attempt_here, *given, name=trial.label, needs=needs, retries=0)
        self._running[work] = trial

    def ended(self, seconds: float) -> dict[str, Ended]:
        """Pass on what the machines say, and take what is over."""
        refused, self._refused = self._refused, {}
        if not self._running:
            return refused
        over = self._cluster.ended(list(self._running), 0.0 if refused else seconds)
        with self._cluster.answering():
            self._pass_on()
        ended = {trial.hash: self._ended(work, trial) for work in over if (trial := self._running.pop(work))}
        return refused | ended

    def close(self) -> None:
        """Cancel what runs, and let go of the cluster."""
        self._cluster.cancel(self._running)
        with suppress(ConnectionError):
            for _ in range(2):  # what is on its way, and what came meanwhile
                self._pass_on(_LAST_WORDS_SECONDS)
        self._running.clear()
        self._cluster.close()

    def _needs(self, trial: Trial[Any]) -> Needs:
        share = max(1, self._cluster.cores // self._asked) if self._asked else None
        return machine_needs(trial, self._cluster.device, share)

    def _place(self, trial: Trial[Any]) -> str:
        return trial_folder(self._out, trial).relative_to(self._out).as_posix()

    def _files(self, trial: Trial[Any]) -> Any:  # noqa: ANN401 - Ray's reference
        """A finished trial's files in the object store, where machines are known to need them."""
        if self._sends_files and trial.hash not in self._sent:
            files, fix = pack(trial_folder(self._out, trial)), "or give a folder --out that all machines see"
            self._sent[trial.hash] = self._cluster.put(files, f"the files of {trial.label}", fix)
        return self._sent.get(trial.hash)

    def _ended(self, work: Any, trial: Trial[Any]) -> Ended:  # noqa: ANN401 - Ray's reference
        try:
            node, ((failed, taken_by), files) = self._cluster.result(work)
        except TaskLostError as error:
            # One that has come further since may be begun again: machines that others need are taken away.
            lost = trial.hash, _progress(trial_folder(self._out, trial))
            self._losses[lost] += 1
            if self._losses[lost] > _LOSSES:
                return Ended(failed=f"{error} (it was lost {self._losses[lost]} times)")
            for needed in trial.inputs.values():  # it may be these files that were
                self._sent.pop(needed.hash, None)
            say(f"lost, begun again: {trial.label} ({error.fault.found})", style="yellow")
            return Ended(taken_by="a machine to begin it again")
        except InputError as error:  # what a trial meets it tells itself: this one could not begin
            return Ended(failed=str(error))
        folder = trial_folder(self._out, trial)
        if files is not None:
            self._sends_files = True
            try:
                unpack(files, folder)
            except InputError as error:  # the caller's own disk is full
                return Ended(failed=str(error))
        for place in (folder.parent, folder):  # of a network folder its listing tells what is new in it
            with suppress(OSError):
                list(place.iterdir())
        return Ended(failed and f"{failed} (on {node})", taken_by)

    def _pass_on(self, seconds: float = 0.0) -> None:
        ray = self._cluster.ray
        ready, _ = ray.wait([self._taking], timeout=seconds)
        if ready:
            with suppress(ray.exceptions.RayError):  # what was said on a lost machine is lost
                for line in ray.get(self._taking):
                    say(line)
            self._taking = self._heard.take.remote()


def _progress(folder: Path) -> float | None:
    """What changes with each epoch of a trial in a folder that the machines share; None without any."""
    try:
        return (folder / PROGRESS_FILE).stat().st_mtime
    except OSError:
        return None


def machine_needs(trial: Trial[Any], device: str, share: int | None = None) -> Needs:
    """What a trial takes of a machine; a fit on several devices takes as much for each.

    Args:
        trial: What is to run.
        device: "cpu" or "cuda".
        share: Its part of the cores where a number of jobs was asked for; None for as many as it can use.
    """
    if not isinstance(trial, FitTrial):
        return Needs(share or 1, 0.25 if device == "cuda" else 0.0, _PROCESS_BYTES)
    method, devices = trial.method, trial.method.recipe.devices
    heavy = is_heavy(method, trial.dataset)
    gpus = (devices if heavy or devices > 1 else 0.25) if device == "cuda" else 0.0
    memory = _PROCESS_BYTES + _BYTES_A_PARAMETER * parameters_of(method, trial.dataset)
    return Needs(max(share or (_HEAVY_CORES if heavy else 1), devices), gpus, devices * memory)


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
