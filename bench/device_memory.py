"""Memory of a CUDA device as its driver counts it, for engines that keep no books of their own."""

from __future__ import annotations

__all__ = ["DeviceMemory"]


class DeviceMemory:
    """What the first visible CUDA device's memory in use grows by, read through NVML.

    The device is opened by UUID, as CUDA_VISIBLE_DEVICES renumbers devices for CUDA and not for NVML. The
    whole device is read: inside a container NVML may know a process by another id than the process does.
    """

    def __init__(self) -> None:
        import pynvml

        pynvml.nvmlInit()
        self._nvml = pynvml
        self._device = pynvml.nvmlDeviceGetHandleByUUID(_visible_uuid())
        self._before = self._used()

    def growth(self) -> dict[str, int]:
        """Bytes in use now beyond those at the start."""
        return {"peak_memory": self._used() - self._before}

    def _used(self) -> int:
        return int(self._nvml.nvmlDeviceGetMemoryInfo(self._device).used)


def _visible_uuid() -> str:
    """UUID of the device that CUDA calls 0."""
    import os

    import pynvml

    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0] or "0"
    if not first.isdigit():
        return first
    return str(pynvml.nvmlDeviceGetUUID(pynvml.nvmlDeviceGetHandleByIndex(int(first))))
