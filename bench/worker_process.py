"""The parent's side of a worker: start it, ask it, end it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from types import TracebackType
from typing import Any

from .errors import EngineError

__all__ = ["WorkerProcess"]

_ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE"}
"""PyTorch's threads sleep while they wait for one another, as ONNX Runtime's do here. Threads that spin keep
the cores from whoever else needs them: beside other work, a request would take a hundred times as long."""


class WorkerProcess:
    """A process that imports one engine and waits for requests. To be used in a `with` statement.

    It imports while the caller goes on; the first request waits for it.

    Args:
        engine: Name of the engine.
    """

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        self._process = subprocess.Popen(
            [sys.executable, "-m", "outfitbench.bench.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=os.environ | _ENVIRONMENT,
        )
        self._send("start", engine=engine)
        self._imported = False

    def wait_until_imported(self) -> None:
        """Sleep until the engine's library is imported.

        Raises:
            EngineError: If it cannot be.
        """
        if not self._imported:
            self._receive()
            self._imported = True

    def ask(self, operation: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401
        """Have one of `worker.Bench`'s operations done, asleep on the pipe meanwhile.

        Raises:
            EngineError: If the worker refuses, with its reason, or dies, with its last words.
        """
        self.wait_until_imported()
        self._send(operation, **arguments)
        return self._receive()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
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
            raise EngineError(self._last_words()) from None

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise EngineError(self._last_words())
        reply = json.loads(line)
        if "error" in reply:
            raise EngineError(reply["error"])
        return reply

    def _last_words(self) -> str:
        status = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        words = lines[-1] if lines else "no last words"
        return f"engine {self._engine}: found its worker ended with status {status} ({words})"
