"""Several clients at once."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ..effort import Effort
from ..engines.engine import answer
from ..latency import collector_off, seconds_of
from ..request import Request
from .registry import register_workload
from .served import ServedModel
from .workload import Turn, Workload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..ceiling import Work
    from ..model_work import ModelWork

__all__ = ["CLIENTS", "Concurrent"]

CLIENTS = (1, 2, 4, 8)
"""How many ask at a time."""


@register_workload("concurrent")
class Concurrent(Workload):
    """Clients who each ask for the score of one outfit after another, all of one process and engine.

    A client is a thread; the engine's own threads are shared by all of them.

    - "latency_of_1", "latency_of_2", "latency_of_4" and "latency_of_8" (s): what a client waits for an answer
      while so many ask.
    - "rate_of_1", "rate_of_2", "rate_of_4" and "rate_of_8" (request/s): answers of all of them by the time
      that they took, one sample a turn.
    """

    units: ClassVar = {f"latency_of_{n}": "s" for n in CLIENTS} | {
        f"rate_of_{n}": "request/s" for n in CLIENTS
    }
    effort = ("rounds", "samples", "warm_seconds", "turn_seconds")
    enough: ClassVar = {f"latency_of_{n}": (100, "for p99") for n in CLIENTS}

    def work(self, model: ModelWork, effort: Effort) -> Mapping[str, Work]:
        """See `Workload.work`.

        Clients share the machine, which at best answers all that ask at once by one request of as many
        outfits. Where each asks again as soon as it is answered, the mean wait is that of as many answers at
        the rate of them all (Little's law).
        """
        return {f"{what}_of_{n}": model.answer(n) for what in ("latency", "rate") for n in CLIENTS}

    def turn(self, served: ServedModel, effort: Effort, folder: Path | None) -> Turn:
        """`Effort.samples` answers, divided among the clients, for each number of clients."""
        request = served.request(1)
        _, flags = served.warm_seconds_of("request", lambda: answer(served.engine, request), 1)
        turn = Turn({}, dict.fromkeys(self.enough, flags))
        for clients in CLIENTS:
            each = -(-effort.samples // clients)
            seconds, elapsed = _ask(served, request, clients, each, effort.turn_seconds)
            turn.samples[f"latency_of_{clients}"] = seconds
            turn.samples[f"rate_of_{clients}"] = [len(seconds) / elapsed]
        return turn


def _ask(
    served: ServedModel, request: Request, clients: int, each: int, cap_seconds: float
) -> tuple[list[float], float]:
    """What every answer but a client's first took, and how long it took until all had theirs."""
    start = threading.Barrier(clients)
    taken: list[list[float]] = [[] for _ in range(clients)]
    spans: list[tuple[float, float]] = []
    errors: list[Exception] = []

    def client(own: list[float]) -> None:
        try:
            answer(served.engine, request)  # the first of a thread makes what its others find there
            start.wait()
            begun = time.perf_counter()
            while len(own) < each and (not own or time.perf_counter() - begun < cap_seconds):
                own.append(seconds_of(lambda: answer(served.engine, request)))
            spans.append((begun, time.perf_counter()))
        except Exception as error:
            errors.append(error)
            start.abort()  # the others would wait for it

    threads = [threading.Thread(target=client, args=(own,), daemon=True) for own in taken]
    with collector_off():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]
    elapsed = max(end for _, end in spans) - min(begin for begin, _ in spans)
    return [second for own in taken for second in own], elapsed
