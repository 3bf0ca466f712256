"""Throughput over the size of a batch."""

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

__all__ = ["BATCH_SIZES", "BatchCurve"]

BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Outfits in a request."""


@register_workload("batch-curve")
class BatchCurve(Workload):
    """Requests of 1 to 256 outfits at a time, from their items' decoded images or features.

    - "throughput_1", "throughput_2", "throughput_4", "throughput_8", "throughput_16", "throughput_32",
      "throughput_64", "throughput_128" and "throughput_256" (outfit/s): outfits of a request by the time that
      it takes. Sizes of which one request would outlast a turn are left out, and say so.
    """

    units: ClassVar = {f"throughput_{size}": "outfit/s" for size in BATCH_SIZES}
    effort = ("rounds", "batches", "warm_seconds", "turn_seconds")

    def work(self, model: ModelWork, effort: Effort) -> Mapping[str, Work]:
        """See `Workload.work`."""
        return {f"throughput_{size}": model.answer(size) for size in BATCH_SIZES}

    def turn(self, served: ServedModel, effort: Effort, folder: Path | None) -> Turn:
        """Every request is a sample."""
        turn = Turn({})
        expected = 0.0
        for size in BATCH_SIZES:
            name = f"throughput_{size}"
            if expected > effort.turn_seconds:
                turn.flags[name] = [f"left out: a request takes longer than {effort.turn_seconds:g} s"]
                continue
            request = served.request(size)
            seconds, turn.flags[name] = served.warm_seconds_of(
                f"batch {size}", lambda request=request: answer(served.engine, request), effort.batches
            )
            turn.samples[name] = [size / second for second in seconds]
            expected = 2 * min(seconds)
        return turn
