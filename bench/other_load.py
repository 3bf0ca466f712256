"""Whether other work disturbed a measurement."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

import psutil

__all__ = ["TOLERATED", "OtherLoad"]

TOLERATED = 0.05
"""Share of the processor that others may take before a row is flagged."""


class OtherLoad:
    """Processor time on some cores that went to others since it was made.

    Others are all processes but this one and its children, living or ended, and, in a virtual machine, its
    neighbours.

    Args:
        cores: The cores that what is measured is kept to; none for all that this process may use.
    """

    def __init__(self, cores: Sequence[int] = ()) -> None:
        self._cores = list(cores) or _usable()
        self._start = time.monotonic()
        self._busy = self._busy_seconds()
        self._own = _own_seconds()

    @property
    def share(self) -> float:
        """Processor time of others as a share of all there was, between 0 and 1."""
        available = (time.monotonic() - self._start) * len(self._cores)
        others = (self._busy_seconds() - self._busy) - (_own_seconds() - self._own)
        return min(1.0, max(0.0, others / available)) if available else 0.0

    def flags(self) -> list[str]:
        """The flag for a row that was measured meanwhile, if it needs one."""
        share = self.share
        return [f"shared processor ({share:.0%} of it went to others)"] if share > TOLERATED else []

    def _busy_seconds(self) -> float:
        times = psutil.cpu_times(percpu=True)
        idle = (times[core].idle + getattr(times[core], "iowait", 0.0) for core in self._cores)
        return sum(sum(times[core]) for core in self._cores) - sum(idle)


def _usable() -> list[int]:
    if sys.platform == "linux":
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _own_seconds() -> float:
    """Processor time of this process and of all it started, also of what has ended and was waited for."""
    this, seconds = psutil.Process(), 0.0
    for process in (this, *this.children(recursive=True)):
        with suppress(psutil.Error):  # it has ended meanwhile
            times = process.cpu_times()
            seconds += times.user + times.system + times.children_user + times.children_system
    return seconds
