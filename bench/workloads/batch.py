"""Requests of many outfits at a time."""

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

__all__ = ["Batch"]


@register_workload("batch")
class Batch(Workload):
    """Requests of `Effort.batch` outfits at a time, from their items' decoded images or features.

    - "throughput" (outfit/s): outfits of a request by the time it takes.
    """

    units: ClassVar = {"throughput": "outfit/s"}
    effort = ("rounds", "batch", "batches", "warm_seconds", "turn_seconds")

    def work(self, model: ModelWork, effort: Effort) -> Mapping[str, Work]:
        """See `Workload.work`."""
        return {"throughput": model.answer(effort.batch)}

    def turn(self, served: ServedModel, effort: Effort, folder: Path | None) -> Turn:
        """Every request is a sample."""
        request = served.request(effort.batch)
        seconds, flags = served.warm_seconds_of(
            f"batch {effort.batch}", lambda: answer(served.engine, request), effort.batches
        )
        return Turn({"throughput": [effort.batch / second for second in seconds]}, {"throughput": flags})
