"""The memory that a request of many outfits takes."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from ..effort import Effort
from .registry import register_workload
from .served import BATCH_MEMORY, ServedModel
from .workload import Turn, Workload

__all__ = ["BatchMemory"]


@register_workload("batch-memory")
class BatchMemory(Workload):
    """Answer a request of `Effort.batch` outfits in a process of its own: the peak of its memory.

    - "batch_memory" (byte): as "peak_memory" of "start", of a process that has then answered so many outfits
      at once, too.
    """

    units: ClassVar = {BATCH_MEMORY: "byte"}
    effort = ("batch",)

    def first_batch(self, effort: Effort) -> int | None:
        """See `Workload.first_batch`."""
        return effort.batch

    def turns(self, effort: Effort) -> int:
        """A process has one peak."""
        return 1

    def turn(self, served: ServedModel, effort: Effort, folder: Path | None) -> Turn:
        """What was noted as the process started."""
        if (peak := served.start.get(BATCH_MEMORY)) is None:
            return Turn({}, {BATCH_MEMORY: ["no NVML"]})
        return Turn({BATCH_MEMORY: [peak]})
