"""A fit on several devices: a process for each, connected by Lightning Fabric, and from outside one fit.

Fabric's own launchers begin the whole program again in every process, or tell nothing before all is over; a
fit is a part of a program, and is watched and stopped while it runs. So the processes are started here, and
Fabric gives each what it computes with: its device, the precision, what connects it with the others.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from multiprocessing import connection, get_context
from pathlib import Path
from typing import TYPE_CHECKING

import rich
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment

from ..core.children import end_with_parent, in_environment, tell_lines
from ..core.errors import InputError
from ..core.names import why
from ..core.plugins import load_plugin, loaded_plugins
from ..core.progress import say
from ..core.scratch import scratch_folder
from ..models import ModelError
from .errors import TrainingError
from .history import Environment, Epoch

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["Work", "connect", "create_fabric", "run_in_ranks"]

Work = Callable[[Fabric, Callable[[Epoch], None]], object]
"""What each process does: with what it computes, and whom it tells of every epoch."""

_PATIENCE = timedelta(days=7)
"""How long one waits for the others, which may have much to prepare: one that dies is seen otherwise."""

_LAST_WORDS_SECONDS = 1.0
"""Between the error of a process that lost another one, and the news of that one's death."""


_END_SECONDS = 10.0
"""Between the end of what a process has to say and its own."""


def create_fabric(environment: Environment, rank: int = 0, strategy: str = "auto") -> Fabric:
    """What a process of a fit computes with.

    Args:
        environment: Device, precision and number of processes.
        rank: Which of them this is.
        strategy: The recipe's, where there are several.
    """
    return Fabric(
        accelerator=environment.device,
        devices=environment.ranks,
        strategy=strategy,
        precision="bf16-mixed" if environment.precision == "bf16" else "32-true",
        plugins=[_Rank(rank)] if environment.ranks > 1 else None,
    )


class _Rank(LightningEnvironment):
    """One of several processes that were started on this machine, whatever its environment variables say."""

    def __init__(self, rank: int) -> None:
        super().__init__()
        self._rank = rank

    @property
    def creates_processes_externally(self) -> bool:
        """Fabric is to start none."""
        return True

    def local_rank(self) -> int:
        """Which."""
        return self._rank

    def node_rank(self) -> int:
        """There is one machine."""
        return 0


def connect(environment: Environment, rank: int, strategy: str, meeting: Path) -> Fabric:
    """What a process of several computes with, once all have met.

    Args:
        environment: What they compute in.
        rank: Which of them this is.
        strategy: What Fabric connects them by.
        meeting: A file that there is not yet, for these processes alone: a port may be taken meanwhile.
    """
    cuda = environment.device == "cuda"
    if cuda:
        torch.cuda.set_device(rank)
    elif sys.platform == "linux":
        os.environ["GLOO_SOCKET_IFNAME"] = "lo"  # all are on this machine
    torch.distributed.init_process_group(
        "nccl" if cuda else "gloo",
        init_method=meeting.as_uri(),
        rank=rank,
        world_size=environment.ranks,
        timeout=_PATIENCE,
    )
    fabric = create_fabric(environment, rank, strategy)
    fabric.launch()
    return fabric


def run_in_ranks(
    work: Work, environment: Environment, strategy: str, on_epoch: Callable[[Epoch], None]
) -> None:
    """Do the same work in several processes, until all are done; however it ends, none of them is left.

    Args:
        work: What each does, sent by pickle. What the first says and tells is said and told here.
        environment: What they compute in.
        strategy: What Fabric connects them by.
        on_epoch: Told of every epoch; the processes go on when it returns.

    Raises:
        TrainingError: If a process dies.
        Exception: Whatever `work` or `on_epoch` raises; what is no error of ours as a `TrainingError`.
    """
    with scratch_folder() as folder:
        processes: list[_Process] = []
        try:
            for rank in range(environment.ranks):
                processes.append(_Process(rank, environment, strategy, folder / "meeting"))  # noqa: PERF401
            for process in processes:
                process.send(work)
            _watch(processes, on_epoch)
        finally:
            for process in processes:
                process.end()


class _Process:
    """One of the processes, as its parent has it."""

    def __init__(self, rank: int, environment: Environment, strategy: str, meeting: Path) -> None:
        self.name = f"rank {rank} of {environment.ranks}"
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        arguments = (theirs, rank, environment, strategy, meeting, loaded_plugins(), rich.get_console().quiet)
        self.process = context.Process(target=_take_part, args=arguments, name=self.name)
        with in_environment("TORCH_CPP_LOG_LEVEL", "ERROR"):  # a network may have no weight without gradient
            self.process.start()
        theirs.close()

    def send(self, told: object) -> None:
        with suppress(OSError):  # it is dead: who listens next finds that out
            self.pipe.send(told)

    def end(self) -> int | None:
        """End it, and give its exit status."""
        self.pipe.close()
        self.process.kill()
        self.process.join()
        return self.process.exitcode


def _watch(processes: list[_Process], on_epoch: Callable[[Epoch], None]) -> None:
    """Pass on what the processes say until all are done.

    When one dies, all others fail in what they do together; so of several bad news, a death is the reason.
    """
    running: dict[object, _Process] = {process.pipe: process for process in processes}
    while running:
        for pipe in connection.wait([process.pipe for process in running.values()]):
            process = running[pipe]
            try:
                kind, told = process.pipe.recv()
            except (EOFError, OSError):
                raise _death(process) from None
            if kind == "said":
                say(told)
            elif kind == "epoch":
                on_epoch(told)
                process.send(None)
            elif kind == "over":
                del running[pipe]
            else:
                others = {other.process.sentinel: other for other in running.values() if other is not process}
                for sentinel in connection.wait(list(others), _LAST_WORDS_SECONDS):
                    raise _death(others[sentinel])  # type: ignore[index]
                raise told


def _death(process: _Process) -> TrainingError:
    process.process.join(_END_SECONDS)
    return TrainingError(
        f"{process.name}: found its process ended with exit status {process.end()}, expected it to go on; "
        "look for its end in the system's log (memory that ran out), or lower recipe.devices"
    )


def _take_part(
    pipe: Connection,
    rank: int,
    environment: Environment,
    strategy: str,
    meeting: Path,
    plugins: list[Path],
    quiet: bool,
) -> None:
    """What a process does: its part of the work."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # its parent ends it
    sys.stdout = sys.stderr
    sending = threading.Lock()

    def send(kind: str, told: object = None) -> None:
        with sending:
            pipe.send((kind, told))

    def on_epoch(epoch: Epoch) -> None:
        if rank == 0:
            send("epoch", epoch)
            pipe.recv()

    tell_lines(lambda line: send("said", line), quiet=quiet or rank > 0)
    try:
        for plugin in plugins:
            load_plugin(plugin)
        work = pipe.recv()
        work(connect(environment, rank, strategy, meeting), on_epoch)
        send("over")
        torch.distributed.destroy_process_group()
    except Exception as error:
        ours = isinstance(error, TrainingError | ModelError | InputError)
        if not ours:
            rich.get_console().print_exception(width=100)
        send("raised", error if ours else TrainingError(why(error)))
        pipe.recv()  # until it is ended: were it to leave now, the others would fail, too
