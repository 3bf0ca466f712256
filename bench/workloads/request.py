"""One request: one user, one outfit, from decoded images to the score."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ..effort import Effort
from ..engines.engine import answer
from .registry import register_workload
from .served import ServedModel
from .workload import Turn, Workload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..ceiling import Work
    from ..model_work import ModelWork

__all__ = ["OneRequest"]


@register_workload("request")
class OneRequest(Workload):
    """One user asks for the score of one outfit, from its items' decoded images or features.

    - "latency" (s): one warm request: bytes to floats, to features, to the score; from the host's memory to
      the host's memory.
    - "device_latency" (s): the same on CUDA, input and output staying on the device.
    - "energy" (J): of one such request, all that the processor, or the device, used meanwhile; only where a
      counter can be read, which the flag names.

    A model with an item bank ranks among the request's own items: what a larger bank costs, "recommend" says.
    """

    units: ClassVar = {"latency": "s", "device_latency": "s", "energy": "J"}
    effort = ("rounds", "samples", "warm_seconds", "turn_seconds")
    enough: ClassVar = {"latency": (100, "for p99"), "device_latency": (100, "for p99")}

    def work(self, model: ModelWork, effort: Effort) -> Mapping[str, Work]:
        """See `Workload.work`."""
        return {"latency": model.answer(1)}

    def turn(self, served: ServedModel, effort: Effort, folder: Path | None) -> Turn:
        """One sample a call: blocks of calls would give means, whose p95 and p99 are not the calls'."""
        request = served.request(1)
        seconds, flags = served.warm_seconds_of(
            "request", lambda: answer(served.engine, request), effort.samples
        )
        turn = Turn({"latency": seconds}, {"latency": flags})
        if on_device := served.engine.device_seconds(request, effort.samples):
            turn.samples["device_latency"] = on_device
        joules, flags = served.energy_of(lambda: answer(served.engine, request), effort.samples)
        if joules:
            turn.samples["energy"], turn.flags["energy"] = joules, flags
        return turn
