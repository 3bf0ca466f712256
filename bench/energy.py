"""Energy, where a counter of the machine can be read; elsewhere there is no such figure."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pynvml

from ..core.machine import visible_device

__all__ = ["Energy", "EnergyCounter"]


class Energy(NamedTuple):
    """What was used between two readings.

    Attributes:
        joules: All of it, whoever used it: the counters know no processes.
        source: Which counter told.
    """

    joules: float
    source: str


class EnergyCounter:
    """Counts from when it is made: RAPL's packages on the CPU, NVML's total of the device on CUDA.

    Args:
        device: "cpu" or "cuda".
        root: Root of the file system.
    """

    def __init__(self, device: str, root: Path = Path("/")) -> None:
        self._device = device
        self._packages = sorted((root / "sys/class/powercap").glob("intel-rapl:[0-9]"))  # also of AMD
        self._before = self._read()

    def used(self) -> Energy | None:
        """What has been used since; None where no counter can be read."""
        now = self._read()
        if self._before is None or now is None:
            return None
        if self._device == "cuda":
            return Energy((now[0] - self._before[0]) / 1e3, "NVML")
        # A counter begins anew at its end.
        spans = [int((package / "max_energy_range_uj").read_text()) + 1 for package in self._packages]
        changes = zip(self._before, now, spans, strict=True)
        return Energy(sum((late - early) % span for early, late, span in changes) / 1e6, "RAPL, packages")

    def _read(self) -> list[int] | None:
        if self._device == "cuda":
            return _device_millijoules()
        try:
            return [int((package / "energy_uj").read_text()) for package in self._packages] or None
        except (OSError, ValueError):  # since 2020 only root may read it
            return None


def _device_millijoules() -> list[int] | None:
    try:
        pynvml.nvmlInit()
        try:
            device = visible_device()
            return None if device is None else [pynvml.nvmlDeviceGetTotalEnergyConsumption(device)]
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError:
        return None
