"""Peak memory: of this process, and of a CUDA device as its driver counts it."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pynvml

from ..core.machine import visible_device

__all__ = ["DeviceMemory", "peak_resident"]

_STATUS = Path("/proc/self/status")


def peak_resident() -> int:
    """The most memory that has been resident since this program started, in bytes.

    On Linux that is VmHWM, the quantity that `ru_maxrss` is made of. `ru_maxrss` itself outlives `exec`:
    started by a big parent, a fresh process would report its parent's peak.

    Example:
        >>> peak_resident() > 1_000_000
        True
    """
    if _STATUS.exists():
        fields = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class DeviceMemory:
    """What the memory in use of the CUDA device that is meant grows by, read through NVML.

    For engines that keep no books of their own. The whole device is read: inside a container NVML may know a
    process by another id than the process does.
    """

    def __init__(self) -> None:
        self._device = None
        try:
            pynvml.nvmlInit()
            self._device = visible_device()
            self._before = self._used() if self._device is not None else 0
        except pynvml.NVMLError:
            self._device = None

    def growth(self) -> dict[str, int]:
        """Bytes in use now beyond those at the start, as "peak_memory".

        Empty without NVML, and where others on the device have let go of more than this process took.
        """
        if self._device is None or (grown := self._used() - self._before) < 0:
            return {}
        return {"peak_memory": grown}

    def _used(self) -> int:
        return int(pynvml.nvmlDeviceGetMemoryInfo(self._device).used)
