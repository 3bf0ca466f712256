"""Encoding the items of a catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ..effort import Effort
from .registry import register_workload
from .served import ServedModel
from .workload import Turn, Workload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..ceiling import Work
    from ..model_work import ModelWork

__all__ = ["Encode"]


@register_workload("encode")
class Encode(Workload):
    """Encode `Effort.batch` items at a time, as for a catalogue, from decoded images or features.

    - "encode_throughput" (item/s): items of a batch by the time it takes, from host to host.
    """

    units: ClassVar = {"encode_throughput": "item/s"}
    effort = ("rounds", "batch", "batches", "warm_seconds", "turn_seconds")

    def work(self, model: ModelWork, effort: Effort) -> Mapping[str, Work]:
        """See `Workload.work`."""
        return {"encode_throughput": model.encode.of(effort.batch)}

    def turn(self, served: ServedModel, effort: Effort, folder: Path | None) -> Turn:
        """Every batch is a sample."""
        request = served.request(effort.batch)
        items, categories = request.items[: effort.batch], request.categories.reshape(-1)[: effort.batch]

        def encode_items() -> None:
            served.engine.to_host(served.engine.encode_items(items, categories))

        seconds, flags = served.warm_seconds_of(f"encode {effort.batch}", encode_items, effort.batches)
        rates = [effort.batch / second for second in seconds]
        return Turn({"encode_throughput": rates}, {"encode_throughput": flags})
