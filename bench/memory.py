"""Peak memory: of this process, and of a CUDA device as its driver counts it."""

from __future__ import annotations

import resource
import sys
from contextlib import suppress
from pathlib import Path

import pynvml

from ..core.machine import visible_device

__all__ = ["DeviceMemory", "peak_resident", "restart_peak"]

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_PEAK = "5"
"""What resets VmHWM to what is resident (man 5 proc_pid_clear_refs)."""


def peak_resident() -> int:
    """The most memory that has been resident since this program started, or since `restart_peak`, in bytes.

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


def restart_peak() -> int:
    """Forget what was resident for a moment and is not any more: what `peak_resident` gives now, in bytes.

    A library that takes more while it is imported than it keeps would hide as much of what comes after it.
    Where the kernel cannot forget, the peak stays what it was.
    """
    with suppress(OSError):
        _CLEAR.write_text(_PEAK)
    return peak_resident()


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
