"""Whether other work disturbed a measurement."""

from __future__ import annotations

import os
import sys
import time

import psutil

__all__ = ["TOLERATED", "OtherLoad"]

TOLERATED = 0.05
"""Share of the processor that others may take before a row is flagged."""


class OtherLoad:
    """Processor time on this process's cores that went to others since it was made.

    Others are all processes but this one and its children, and, in a virtual machine, its neighbours.
    """

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._busy = _busy_seconds()
        self._own = _own_seconds()

    @property
    def share(self) -> float:
        """Processor time of others as a share of all there was, between 0 and 1."""
        available = (time.monotonic() - self._start) * len(_cores())
        others = (_busy_seconds() - self._busy) - (_own_seconds() - self._own)
        return min(1.0, max(0.0, others / available)) if available else 0.0

    def flags(self) -> list[str]:
        """The flag for a row that was measured meanwhile, if it needs one."""
        share = self.share
        return [f"shared processor ({share:.0%} of it went to others)"] if share > TOLERATED else []


def _cores() -> list[int]:
    if sys.platform == "linux":
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _busy_seconds() -> float:
    times = psutil.cpu_times(percpu=True)
    return sum(sum(times[core]) - times[core].idle - getattr(times[core], "iowait", 0.0) for core in _cores())


def _own_seconds() -> float:
    """Processor time of this process and of its living children."""
    this = psutil.Process()
    return sum(
        sum(process.cpu_times()[:2])
        for process in (this, *this.children(recursive=True))
        if process.is_running()
    )
