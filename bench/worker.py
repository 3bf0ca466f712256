"""The process that measures one model in one engine: `python -m outfitbench.bench.worker`.

It reads requests from standard input, one JSON object a line with its "operation" ("start" first), and
answers each with one line on its standard output. Nothing but the engine asked for is imported, and between
requests the process sleeps. When its parent ends, however that may be, so does it, also amidst a request: its
standard input ends, and on Linux the kernel ends it at once, whatever it is at.
"""

from __future__ import annotations

import ctypes
import json
import os
import queue
import re
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from ..core.affinity import keep_to
from ..core.allocator import keep_freed_memory
from ..core.errors import InputError
from ..core.plugins import load_plugin
from ..models.errors import ModelError
from .engines import ENGINES, Engine, answer, engine_factory
from .errors import EngineError
from .latency import seconds_of, time_calls
from .memory import peak_resident, restart_peak
from .parity import parity_answers
from .request import Request, make_request
from .subject import Subject
from .workloads.served import BATCH_MEMORY, ModelTraits, ServedModel

__all__ = ["Bench", "main"]

Reply = dict[str, Any]


class Bench:
    """One engine with one model, and what can be asked of it: each public method is an operation.

    Args:
        engine: Name of the engine, as for `engine_factory`; its library is imported here.
        plugins: Files that may register it, or a workload. They are run here only if the engine is none of
            ours, or when such a workload's turn comes: a file that registers a model imports torch.
        cores: The cores that this process is kept to, before the engine counts them; none for all.
    """

    _served: ServedModel

    def __init__(self, engine: str, plugins: Sequence[str] = (), cores: Sequence[int] = ()) -> None:
        keep_to(cores)
        self._plugins = plugins
        if ":" not in engine and engine not in ENGINES:
            self._load_plugins()
        self._factory = engine_factory(engine)
        make_request(1, "image", 16)  # what asking needs is imported too before the engine's memory counts
        self._imported_bytes = restart_peak()

    @property
    def needs_export(self) -> bool:
        """Whether the engine runs the ONNX graphs."""
        return bool(getattr(self._factory, "needs_export", False))

    def load(
        self,
        subject: dict[str, Any],
        device: str,
        threads: int,
        outfit_size: int,
        warm_seconds: float,
        turn_seconds: float,
        traits: dict[str, Any] | None = None,
        first_batch: int | None = None,
    ) -> Reply:
        """Load the model and answer once; what the engine is, and whether it compiled.

        Args:
            subject: The model, as `Subject.to_json` wrote it down, with its input size.
            device: "cpu" or "cuda".
            threads: Intra-op threads.
            outfit_size: Items of an outfit in a request.
            warm_seconds: When to give up warming a shape.
            turn_seconds: When to end a request's samples before all are taken.
            traits: As for `ModelTraits`.
            first_batch: Outfits to be answered at once after that; None for none.
        """
        model = Subject.from_json(subject)
        engine = self._factory(model, device, threads)
        self._served = served = ServedModel(
            engine,
            model,
            threads,
            outfit_size,
            warm_seconds,
            turn_seconds,
            device,
            ModelTraits(**traits or {}),
        )
        served.start["load"] = seconds_of(engine.load)
        request = served.request(1)
        if engine.compiles:
            served.start["compile"] = seconds_of(lambda: engine.compile(request))
        scores: list[NDArray[np.float32]] = []
        served.start["first_call"] = time_calls(
            lambda: scores.append(answer(engine, request)),
            1,
            cap_seconds=turn_seconds,
            wait=engine.synchronize,
        )[0]
        served.start |= self._peak_of(engine)
        if first_batch is not None:
            answer(engine, _repeated(request, first_batch))
            if (peak := self._peak_of(engine).get("peak_memory")) is not None:
                served.start[BATCH_MEMORY] = peak
        served.check_numbers(scores[0])
        return {"provider": engine.provider, "precision": engine.precision}

    def _peak_of(self, engine: Engine) -> dict[str, int]:
        """Peak bytes by name; empty where they are unknown."""
        on_device = engine.device_memory()
        return {"peak_memory": peak_resident() - self._imported_bytes} if on_device is None else on_device

    def parity_answers(self) -> Reply:
        """Answers to be compared with another engine's."""
        return {"answers": parity_answers(self._served.engine, self._served.subject)}

    def turn(self, workload: str, effort: dict[str, Any], folder: str | None) -> Reply:
        """One turn of a workload: samples and flags by quantity.

        Args:
            workload: Its name.
            effort: How much to measure, as JSON.
            folder: What the workload laid out, or None.
        """
        # Only now: workloads import what the engine's memory must not count.
        from .effort import Effort
        from .workloads import WORKLOADS

        if workload not in WORKLOADS:
            self._load_plugins()
        found = WORKLOADS.get(workload)().turn(
            self._served, Effort.model_validate(effort), None if folder is None else Path(folder)
        )
        return {"samples": found.samples, "flags": found.flags}

    def _load_plugins(self) -> None:
        for plugin in self._plugins:
            load_plugin(plugin)


def _repeated(request: Request, outfits: int) -> Request:
    """A request of so many outfits, all the same: to draw others takes memory that is not the engine's."""
    return Request(
        users=np.repeat(request.users, outfits),
        items=request.items[np.tile(np.arange(len(request.items)), outfits)],
        categories=np.repeat(request.categories, outfits, axis=0),
    )


def main() -> None:
    """Answer requests until standard input ends, or until an error that is no refusal."""
    if sys.argv[1:] and sys.platform == "linux":
        _end_with(int(sys.argv[1]))
    keep_freed_memory()
    with _own_output() as replies:
        bench: Bench | None = None
        for line in _lines_until_the_parent_ends():
            arguments = json.loads(line)
            operation = arguments.pop("operation")
            try:
                if bench is None:
                    bench = Bench(**arguments)
                    reply: Reply = {"needs_export": bench.needs_export}
                else:
                    reply = getattr(bench, operation)(**arguments)
            except (EngineError, InputError, ModelError) as error:
                reply = {"error": str(error)}
            except Exception as error:
                print(json.dumps({"died_of": _line_of(error)}), file=replies, flush=True)
                raise
            print(json.dumps(reply), file=replies, flush=True)


def _end_with(parent: int) -> None:
    """Have the kernel end this process when its parent ends."""
    death_signal = 1  # PR_SET_PDEATHSIG
    ctypes.CDLL(None).prctl(death_signal, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before
        os._exit(0)


def _lines_until_the_parent_ends() -> Iterator[str]:
    """Lines of standard input. A thread reads them, so that its end ends this process amidst a request."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    # A process that an engine forks closes its standard input, and would wait for the thread that reads it.
    sys.stdin = Path(os.devnull).open()  # noqa: SIM115 - to the end

    def read() -> None:
        for line in requests:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield lines.get()


def _line_of(error: BaseException) -> str:
    """The line that says what went wrong: libraries wrap it in others, and put advice behind it.

    torch.compile raises "backend='inductor' raised:" from a compiler's output, which it ends with hints.
    """
    chain = [error]
    while (inner := getattr(chain[-1], "inner_exception", None) or chain[-1].__cause__) is not None:
        chain.append(inner)
    for one in reversed(chain):
        for text in (str(one), _said(getattr(one, "stderr", None)), _said(getattr(one, "output", None))):
            for line in text.splitlines():
                if re.search(r"\berror:", line):  # a compiler's own
                    return f"{type(one).__name__}: {line.strip()}"
    lines = [line.strip() for line in str(chain[-1]).splitlines() if line.strip()]
    return f"{type(chain[-1]).__name__}: {lines[0] if lines else ''}"


def _said(output: object) -> str:
    """What a process that failed printed, as `CalledProcessError` keeps it."""
    return output.decode(errors="replace") if isinstance(output, bytes) else str(output or "")


def _own_output() -> TextIO:
    """Standard output for replies alone: what libraries print goes to standard error."""
    place = os.dup(1)
    replies = os.fdopen(place, "w", encoding="utf-8")
    os.dup2(2, 1)

    def let_go() -> None:
        nonlocal place
        if place >= 0:
            os.close(place)
        place = -1  # in a fork of a fork the number may be another file's

    os.register_at_fork(after_in_child=let_go)  # or who reads the replies would wait for forks, too
    return replies


if __name__ == "__main__":
    main()
