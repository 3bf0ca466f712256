"""Getting ready: loading, compiling, the first answer, and the memory it all takes."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from ..effort import Effort
from .registry import register_workload
from .served import ServedModel
from .workload import Turn, Workload

__all__ = ["Start"]


@register_workload("start")
class Start(Workload):
    """Load the model and answer once: time to the first answer, peak memory, and what is counted.

    - "load" (s): building the model and reading its weights, or opening the ONNX sessions.
    - "compile" (s): compiling for the shape of one request; engines that compile only.
    - "first_call" (s): the first request after that.
    - "peak_memory" (byte): the peak of a process that has loaded the model and answered one request, beyond
      its peak when it had only imported the engine. On CUDA: what torch's allocator held at most, or for ONNX
      Runtime what the memory in use of the device grew by.
    - "peak_memory_reserved" (byte): on CUDA in torch, what the allocator reserved at most.

    Beside it stands what is counted, not timed: "parameters", "buffers" (numbers that are trained, and those
    that are not), "flops" (of one request; a multiply-add is two) and "file_size" (bytes of what the engine
    loads).
    """

    units: ClassVar = {
        "load": "s",
        "compile": "s",
        "first_call": "s",
        "peak_memory": "byte",
        "peak_memory_reserved": "byte",
    }
    effort = ()
    enough: ClassVar = dict.fromkeys(["load", "compile", "first_call"], (6, "for an interval"))
    counts = True

    def turns(self, effort: Effort) -> int:
        """A process starts once."""
        return 1

    def turn(self, served: ServedModel, effort: Effort, folder: Path | None) -> Turn:
        """What was noted while the model was loaded."""
        flags = {} if "peak_memory" in served.start else {"peak_memory": ["no NVML"]}
        return Turn({name: [value] for name, value in served.start.items() if name in self.units}, flags)
