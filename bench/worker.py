"""The process that measures one model in one engine: `python -m outfitbench.bench.worker`.

It reads requests from standard input, one JSON object a line with its "operation" ("start" first), and
answers each with one line on its standard output. Nothing but the engine asked for is imported, and between
requests the process sleeps. When its parent ends, however that may be, so does it, also amidst a request.
"""

from __future__ import annotations

import json
import os
import queue
import re
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from ..core.errors import InputError
from ..core.plugins import load_plugin
from ..models.errors import ModelError
from .engines import ENGINES, Engine, answer, engine_factory
from .errors import EngineError
from .latency import seconds_of, time_calls, warm_up
from .memory import peak_resident
from .parity import parity_answers
from .request import Request, make_request
from .subject import Subject

__all__ = ["Bench", "main"]

Reply = dict[str, Any]


class Bench:
    """One engine with one model, and what can be asked of it: each public method is an operation.

    Args:
        engine: Name of the engine, as for `engine_factory`; its library is imported here.
        plugins: Files that may register it. They are run here only if the engine is none of ours: a file that
            registers a model imports torch.
    """

    _engine: Engine
    _subject: Subject
    _threads: int
    _outfit_size: int
    _warm_seconds: float
    _turn_seconds: float

    def __init__(self, engine: str, plugins: Sequence[str] = ()) -> None:
        if ":" not in engine and engine not in ENGINES:
            for plugin in plugins:
                load_plugin(plugin)
        self._factory = engine_factory(engine)
        make_request(1, "image", 16)  # what asking needs is imported too before the engine's memory counts
        self._imported_bytes = peak_resident()
        self._settled: dict[str, bool] = {}

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
    ) -> Reply:
        """Seconds of loading, of compiling (None where there is none) and of the first request.

        Args:
            subject: The model, as `Subject.to_json` wrote it down, with its input size.
            device: "cpu" or "cuda".
            threads: Intra-op threads.
            outfit_size: Items of an outfit in a request.
            warm_seconds: When to give up warming a shape.
            turn_seconds: When to end a request's samples before all are taken.
        """
        self._subject = Subject.from_json(subject)
        self._threads, self._outfit_size = threads, outfit_size
        self._warm_seconds, self._turn_seconds = warm_seconds, turn_seconds
        self._engine = engine = self._factory(self._subject, device, threads)
        loading = seconds_of(engine.load)
        request = self._request(1)
        return {
            "provider": engine.provider,
            "precision": engine.precision,
            "load": loading,
            "compile": seconds_of(lambda: engine.compile(request)) if engine.compiles else None,
            "first_call": self._seconds(lambda: answer(engine, request), 1)[0],
        }

    def memory(self) -> Reply:
        """Peak bytes so far: resident beyond the imported engine, or the device's own."""
        on_device = self._engine.device_memory()
        if on_device is None:
            return {"bytes": {"peak_memory": peak_resident() - self._imported_bytes}}
        return {"bytes": on_device}

    def parity_answers(self) -> Reply:
        """Answers to be compared with another engine's."""
        return {
            "answers": parity_answers(
                self._engine,
                num_users=self._subject.num_users,
                input_kind=self._subject.input_kind,
                input_size=self._input_size,
            )
        }

    def latency(self, batch: int, samples: int) -> Reply:
        """Seconds of each of some warm answers to a batch of outfits, from host to host."""
        request = self._request(batch)
        return self._warm_samples(f"latency {batch}", lambda: answer(self._engine, request), samples)

    def encode(self, batch: int, samples: int) -> Reply:
        """Seconds of each of some warm encodings of a batch of items, from host to host."""
        request = self._request(batch)
        items, categories = request.items[:batch], request.categories.reshape(-1)[:batch]

        def encode_items() -> None:
            self._engine.to_host(self._engine.encode_items(items, categories))

        return self._warm_samples(f"encode {batch}", encode_items, samples)

    def device_latency(self, samples: int) -> Reply:
        """Seconds of each of some answers to one outfit, input and output on the device."""
        return {"seconds": self._engine.device_seconds(self._request(1), samples)}

    def recommend(self, folder: str, image_size: int | None) -> Reply:
        """Seconds by phase of one run over a workload."""
        from .recommend import recommend

        return {"seconds": recommend(self._engine, Path(folder), image_size, self._threads)}

    @property
    def _input_size(self) -> int:
        assert self._subject.input_size is not None, "the parent fills the size in"
        return self._subject.input_size

    def _request(self, batch: int) -> Request:
        return make_request(
            self._subject.num_users,
            self._subject.input_kind,
            self._input_size,
            batch=batch,
            outfit_size=self._outfit_size,
        )

    def _warm_samples(self, shape: str, call: Callable[[], object], samples: int) -> Reply:
        """Samples of a call whose shape is warmed the first time it is met, and woken every time."""
        if shape not in self._settled:
            self._settled[shape] = warm_up(call, cap_seconds=self._warm_seconds)
        call()
        return {"seconds": self._seconds(call, samples), "settled": self._settled[shape]}

    def _seconds(self, call: Callable[[], object], samples: int) -> list[float]:
        return time_calls(call, samples, cap_seconds=self._turn_seconds, wait=self._engine.synchronize)


def main() -> None:
    """Answer requests until standard input ends, or until an error that is no refusal."""
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


def _lines_until_the_parent_ends() -> Iterator[str]:
    """Lines of standard input. A thread reads them, so that its end ends this process amidst a request."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
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
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return replies


if __name__ == "__main__":
    main()
