"""The parent's side of a worker: start it, ask it, end it."""

from __future__ import annotations

import json
import math
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from ..core.allocator import ASKED_BY_THE_USER
from .engines import needs_export
from .errors import EngineError

__all__ = ["WorkerProcess"]

_ENVIRONMENT = {
    # PyTorch's threads sleep while they wait for one another, as ONNX Runtime's do here. Threads that spin
    # keep the cores from whoever else needs them: beside other work, a request would take a hundred times as
    # long.
    "OMP_WAIT_POLICY": "PASSIVE",
    # Also for what a worker starts: torch.compile has processes of its own.
    "PYTHONSAFEPATH": "1",
}


class WorkerProcess:
    """A process that imports one engine and waits for requests. It ends with `close`, or a `with` statement.

    It imports while the caller goes on; the first request waits for it. It imports nothing from the current
    folder, whatever lies there: a file `statistics.py`, or another `outfitbench`.

    Args:
        engine: Name of the engine.
        plugins: Files that may register it.
        cores: The cores that it is kept to; none for all.
        limit_seconds: When it is ended if it does not answer.
        scratch: Where what it compiles is kept, in a folder of its own, so that it always compiles anew and
            leaves nothing behind; None for where PyTorch keeps it for all processes.
    """

    def __init__(
        self,
        engine: str,
        plugins: Sequence[Path] = (),
        *,
        cores: Sequence[int] = (),
        limit_seconds: float = math.inf,
        scratch: Path | None = None,
    ) -> None:
        self._engine = engine
        self._limit_seconds = limit_seconds
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter and a number
            [sys.executable, "-P", "-m", "outfitbench.bench.worker", *_parent()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
            env=_environment(scratch),
            process_group=0,
        )
        self._started: dict[str, Any] | None = None
        self._send("start", engine=engine, plugins=[str(path) for path in plugins], cores=cores)

    @property
    def needs_export(self) -> bool:
        """Whether the engine runs the ONNX graphs; where only the worker can tell, this waits for it."""
        known = needs_export(self._engine)
        return bool(self.wait_until_imported()["needs_export"]) if known is None else known

    def wait_until_imported(self) -> dict[str, Any]:
        """Sleep until the engine's library is imported; what the worker says of it.

        Raises:
            EngineError: If it cannot be.
        """
        if self._started is None:
            self._started = self._receive()
        return self._started

    def ask(self, operation: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401
        """Have one of `worker.Bench`'s operations done, asleep on the pipe meanwhile.

        Raises:
            EngineError: If the worker refuses, with its reason, or dies, with the line that says why, or
                does not answer in time, and is ended. Its whole output goes with the error.
        """
        self.wait_until_imported()
        self._send(operation, **arguments)
        return self._receive()

    def close(self) -> None:
        """End the process, with those that it has forked."""
        if self._process.returncode is None:
            self._end_group()
        self._process.communicate()
        self._errors.close()

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, operation: str, **arguments: Any) -> None:  # noqa: ANN401
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"operation": operation, **arguments}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._death() from None

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        if not self._answers_in_time(self._process.stdout):
            self._end_group()
            found = f"engine {self._engine}: found no answer after {self._limit_seconds:g} s"
            raise EngineError(f"{found}, expected one; its process was ended", self._output())
        line = self._process.stdout.readline()
        reply = json.loads(line) if line else {"died_of": ""}
        if "died_of" in reply:
            raise self._death(reply["died_of"])
        if "error" in reply:
            raise EngineError(reply["error"], self._output())
        return reply

    def _answers_in_time(self, replies: IO[str]) -> bool:
        """Sleep until there is a reply, or the process has ended; not for longer than its limit."""
        with selectors.DefaultSelector() as selector:
            selector.register(replies, selectors.EVENT_READ)
            return bool(selector.select(None if math.isinf(self._limit_seconds) else self._limit_seconds))

    def _death(self, reason: str = "") -> EngineError:
        status = self._process.wait()
        self._end_group()
        output = self._output()
        words = reason or _telling_line(output)
        return EngineError(
            f"engine {self._engine}: found its worker ended with status {status} ({words})", output
        )

    def _end_group(self) -> None:
        """End the process and those that it has forked, which outlive it where it died by itself."""
        with suppress(ProcessLookupError, PermissionError):  # nobody is left
            os.killpg(self._process.pid, signal.SIGKILL)

    def _output(self) -> str:
        # Read by position: the worker writes where this file's own position stands.
        size = os.fstat(self._errors.fileno()).st_size
        return os.pread(self._errors.fileno(), size, 0).decode(errors="replace")


def _parent() -> list[str]:
    """This process's id, for a worker that ends with it; a thread's end would end such a worker, too."""
    return [str(os.getpid())] if threading.current_thread() is threading.main_thread() else []


def _environment(scratch: Path | None) -> dict[str, str]:
    """This process's, but for the empty entries of PYTHONPATH, which mean the current folder.

    Every worker keeps what it frees, whatever the user says of other processes: measured alike.
    """
    environment = os.environ | _ENVIRONMENT
    for name in ASKED_BY_THE_USER:
        environment.pop(name, None)
    if scratch is not None:
        environment["TORCHINDUCTOR_CACHE_DIR"] = str(scratch / f"compiled-{uuid.uuid4().hex[:8]}")
    if "PYTHONPATH" in environment:
        entries = [entry for entry in environment["PYTHONPATH"].split(os.pathsep) if entry]
        environment["PYTHONPATH"] = os.pathsep.join(entries)
    return environment


def _telling_line(output: str) -> str:
    r"""The error's own line where a traceback ends in one, else the last line.

    Example:
        >>> _telling_line("Traceback (most recent call last):\n  File …\nKeyError: 'a'\n\nSome advice")
        "KeyError: 'a'"
        >>> _telling_line("Loading\nout of luck\n")
        'out of luck'
    """
    traces = output.rpartition("Traceback (most recent call last):")
    if traces[1]:
        own = [line for line in traces[2].splitlines() if re.match(r"[A-Za-z_][\w.]*(:|$)", line)]
        if own:
            return own[0]
    lines = output.strip().splitlines()
    return lines[-1].strip() if lines else "no last words"
