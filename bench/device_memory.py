"""Memory of a CUDA device as its driver counts it, for engines that keep no books of their own."""

from __future__ import annotations

import os

import pynvml

__all__ = ["DeviceMemory"]


class DeviceMemory:
    """What the memory in use of the first visible CUDA device grows by, read through NVML.

    The device is opened by UUID, as CUDA_VISIBLE_DEVICES renumbers devices for CUDA and not for NVML. The
    whole device is read: inside a container NVML may know a process by another id than the process does.
    """

    def __init__(self) -> None:
        try:
            pynvml.nvmlInit()
            self._device = pynvml.nvmlDeviceGetHandleByUUID(_visible_uuid())
            self._before = self._used()
        except pynvml.NVMLError:
            self._device = None

    def growth(self) -> dict[str, int]:
        """Bytes in use now beyond those at the start, as "peak_memory"; empty without NVML."""
        return {} if self._device is None else {"peak_memory": self._used() - self._before}

    def _used(self) -> int:
        return int(pynvml.nvmlDeviceGetMemoryInfo(self._device).used)


def _visible_uuid() -> str:
    """UUID of the device that CUDA calls 0."""
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0] or "0"
    if not first.isdigit():
        return first
    return str(pynvml.nvmlDeviceGetUUID(pynvml.nvmlDeviceGetHandleByIndex(int(first))))
