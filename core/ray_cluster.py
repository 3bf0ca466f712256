"""Functions of ours on the machines of a Ray cluster: what each call gave, or in one line why it did not.

Needs the package ray, which is imported when a cluster is asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.metadata import version
from itertools import islice
from typing import Any, Literal, NamedTuple

from .errors import Fault, InputError
from .names import unknown_name
from .progress import say
from .ray_address import connect, first_line
from .ray_task import entrance

__all__ = ["Needs", "RayCluster", "TaskLostError", "cluster_for"]

_RETRIES = 3
"""So often is a task begun again whose process or machine is lost."""

_SEEN_SECONDS = 5.0
"""How old what is known of the cluster's machines may be."""

_HANDED_OVER = 2
"""Tasks a core that Ray is given, so that no core waits for the next one."""

_AGAIN = "start the same command again"
_STORE, _MORE = "Ray's object store", "give Ray more, by --object-store-memory"


class TaskLostError(InputError):
    """A task came to no end, as its process or its machine was lost."""


class Needs(NamedTuple):
    """What a task takes of a machine, or what a machine has.

    Attributes:
        cores: Of its processor.
        gpus: A share of one, or several.
        memory: In bytes; of a task, what Ray sets aside for it, so that it begins where there is as much.
    """

    cores: int
    gpus: float = 0.0
    memory: int = 0

    def within(self, machines: Sequence[Needs]) -> Needs:
        """As much of it as one of the machines has: what none has would be waited for for ever.

        Args:
            machines: What each has; without any, all is asked for and waited for.

        Example:
            >>> Needs(4, 0.0, 9).within([Needs(2, 0, 16), Needs(8, 0, 6)])
            Needs(cores=4, gpus=0.0, memory=6)
            >>> Needs(4, 1.0).within([Needs(8), Needs(2, 1)])
            Needs(cores=2, gpus=1.0, memory=0)
        """
        if not machines:
            return self
        possible = (
            Needs(min(self.cores, has.cores), min(self.gpus, has.gpus), min(self.memory, has.memory))
            for has in machines
        )
        return max(possible, key=lambda needs: (needs.gpus, needs.cores, needs.memory))


@contextmanager
def cluster_for(on: str, device: str) -> Iterator[RayCluster | None]:
    """The cluster that the argument --on names, as long as it is used.

    Args:
        on: "local" for none; "ray" for the cluster that this machine is in, or one of its own; or the address
            of a head, "ray://HOST:PORT".
        device: "cpu" or "cuda".

    Raises:
        InputError: If it is nothing of the kind, or the cluster cannot be used.
    """
    if on == "local":
        yield None
        return
    if on.partition("://")[0] != "ray":
        kind = "local, ray, or the address of a Ray cluster"
        raise InputError(unknown_name(kind, on, ["local", "ray", "ray://HOST:PORT"], "argument --on"))
    cluster = RayCluster(on if "://" in on else "", device)
    try:
        yield cluster
    finally:
        cluster.close()


class RayCluster:
    """A cluster that this process is connected to.

    Args:
        address: As for `connect`.
        device: What tasks compute on, "cpu" or "cuda"; "auto" for CUDA where a machine of it has a GPU.

    Attributes:
        ray: The package.
        device: "cpu" or "cuda".

    Raises:
        InputError: As for `connect`, or if the cluster has no such device.
    """

    def __init__(self, address: str, device: str) -> None:
        self.ray = connect(address)
        gpus = self.ray.cluster_resources().get("GPU")
        if device == "cuda" and not gpus:
            self.close()
            raise InputError(Fault("argument --device", "cuda", "cpu, as the Ray cluster has no GPU"))
        self.device: Literal["cpu", "cuda"] = "cuda" if gpus and device != "cpu" else "cpu"
        self._enter = self.ray.remote(entrance())
        errors = self.ray.exceptions
        self._full = (errors.ObjectStoreFullError, errors.OutOfDiskError)
        process = (errors.WorkerCrashedError, errors.OutOfMemoryError)
        self._lost = (*process, errors.NodeDiedError, errors.LocalRayletDiedError, errors.ObjectLostError)
        self._version = version("outfitbench")
        self._seen: float | None = None
        self._machines: list[Needs] = []

    @property
    def cores(self) -> int:
        """Of all machines; one where there is none, which is waited for."""
        return max(1, sum(machine.cores for machine in self._alive()))

    def share(self, needs: Needs) -> float:
        """The part of all cores, or of all GPUs, that a task takes while it runs: the larger of the two."""
        machines = self._alive()
        takes = needs.within(machines)
        gpus = sum(machine.gpus for machine in machines)
        return min(1.0, max(takes.cores / self.cores, takes.gpus / gpus if gpus else 0.0))

    def put(self, value: object, what: str, fix: str = _MORE) -> Any:  # noqa: ANN401
        """Lay something into the object store, from where each machine fetches it once.

        Args:
            value: What.
            what: The same in words.
            fix: What helps where there is no room for it.

        Returns:
            Ray's reference.

        Raises:
            InputError: If the store is full, and so is the disk behind it, or the cluster is gone.
        """
        try:
            with self.answering():
                return self.ray.put(value)
        except self.ray.exceptions.RayError as error:
            raise InputError(Fault(_STORE, first_line(error), f"room for {what}", fix)) from error

    def begin(
        self,
        function: Callable[..., Any],
        *given: object,
        name: str,
        needs: Needs,
        retries: int = _RETRIES,
    ) -> Any:  # noqa: ANN401
        """Hand a task to the cluster.

        Args:
            function: Of a module of ours, which the machine imports.
            given: Its arguments, plain ones, as they are read where our package may be another. A reference
                comes as what it stands for, one in a list as it is.
            name: What Ray's own pages call it.
            needs: What it takes of a machine, or as much of it as one has.
            retries: How often Ray begins it again when its process or machine is lost.

        Returns:
            Ray's reference to what comes of it.

        Raises:
            InputError: If the cluster is gone.
        """
        cores, gpus, memory = needs.within(self._alive())
        task = self._enter.options(
            name=name,
            num_cpus=cores,
            num_gpus=gpus,
            memory=memory,
            max_retries=retries,
            retry_exceptions=False,
        )
        with self.answering():
            return task.remote(self._version, f"{function.__module__}:{function.__qualname__}", *given)

    def ended(self, tasks: Sequence[Any], seconds: float) -> list[Any]:
        """Those of the tasks that are over.

        Args:
            tasks: Some that were begun.
            seconds: How long to wait for one, if there is none yet.

        Raises:
            InputError: If the cluster is gone.
        """
        with self.answering():
            over, _ = self.ray.wait(list(tasks), num_returns=1, timeout=seconds)
            if over:
                over, _ = self.ray.wait(list(tasks), num_returns=len(tasks), timeout=0)
            self._alive()  # or nobody is told that there are no machines any more
        return over

    def result(self, task: Any) -> tuple[str, Any]:  # noqa: ANN401 - Ray's reference
        """What came of a task that is over.

        Returns:
            The machine's name, and what the function gave.

        Raises:
            TaskLostError: If its process or machine was lost, as often as it was begun.
            InputError: If our package is another there, or an input cannot be used, both with the machine's
                name; if the cluster is gone.
        """
        with self.answering():
            try:
                node, refused, given = self.ray.get(task)
            except self.ray.exceptions.RayError as error:
                found, cause = first_line(error), getattr(error, "cause", None) or error
                found = found if cause is error else f"{first_line(cause)} ({found})"
                if isinstance(cause, self._full):
                    fault = Fault(_STORE, found, "room for what a task gave there", _MORE)
                    raise InputError(fault) from error
                kind = TaskLostError if isinstance(cause, self._lost) else InputError
                raise kind(Fault("the Ray cluster", found, "a task that ends", _AGAIN)) from error
        if refused is not None:
            raise InputError(_on(node, Fault(*refused)))
        return node, given

    def gather(
        self, function: Callable[..., Any], given: Iterable[tuple[Any, ...]], *, calls: int, name: str
    ) -> Iterator[tuple[int, Any]]:
        """Call a function many times, side by side.

        Where one call fails, those that have begun come to their end, and no others begin.

        Args:
            function: As for `begin`; it is given the device, the number of its cores, and its own arguments.
            given: These, for each call; taken when its turn comes.
            calls: How many there are.
            name: As for `begin`.

        Yields:
            The number of a call and what it gave, in the order in which they end.

        Raises:
            InputError: As for `result`.
        """
        waiting, running = enumerate(given), {}
        failed: InputError | None = None
        try:
            while True:
                free = 0 if failed else _HANDED_OVER * self.cores - len(running)
                for number, own in islice(waiting, max(0, free)):
                    needs = self._share(calls)
                    task = self.begin(function, self.device, needs.cores, *own, name=name, needs=needs)
                    running[task] = number
                if not running:
                    break
                for task in self.ended(list(running), _SEEN_SECONDS):
                    number = running.pop(task)
                    try:
                        _, found = self.result(task)
                    except InputError as error:
                        failed = failed or error
                        continue
                    yield number, found
        finally:
            self.cancel(running)
        if failed is not None:
            raise failed

    def cancel(self, tasks: Iterable[Any]) -> None:
        """End tasks, whatever they are at."""
        for task in tasks:
            with suppress(Exception):
                self.ray.cancel(task, force=True)

    def close(self) -> None:
        """Let go of the cluster."""
        self.ray.shutdown()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """While the cluster is asked something.

        Raises:
            InputError: If it is gone.
        """
        try:
            yield
        except ConnectionError as error:
            fault = Fault("the Ray cluster", first_line(error), "an answer", f"{_AGAIN} when it is back")
            raise InputError(fault) from error

    def _share(self, tasks: int) -> Needs:
        """Of each of so many tasks: an equal part of all cores, or a GPU with its own."""
        if self.device == "cuda":
            beside = (int(machine.cores // machine.gpus) for machine in self._alive() if machine.gpus)
            return Needs(max(1, min(beside, default=1)), 1.0)
        fewest = min((machine.cores for machine in self._alive()), default=1)
        return Needs(max(1, min(self.cores // tasks, fewest)))

    def _alive(self) -> list[Needs]:
        """What each machine has that has cores."""
        now = time.monotonic()
        if self._seen is None or now - self._seen > _SEEN_SECONDS:
            with self.answering():
                there = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
            found = [
                Needs(int(has["CPU"]), has.get("GPU", 0.0), int(has.get("memory", 0)))
                for has in there
                if has.get("CPU", 0) >= 1
            ]
            if not found and (self._machines or self._seen is None):
                say("waiting for a machine with cores in the Ray cluster", style="yellow")
            self._seen, self._machines = now, found
        return self._machines


def _on(node: str, fault: Fault) -> Fault:
    """The fault, with the machine's name at its end."""
    if fault.fix:
        return replace(fault, fix=f"{fault.fix} (on {node})")
    return replace(fault, expected=f"{fault.expected} (on {node})")
