"""Which cores processes and threads are kept to."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

__all__ = ["chosen_cores", "keep_thread_to", "keep_to"]


def chosen_cores(threads: int, root: Path = Path("/")) -> tuple[int, ...]:
    """The cores that so many threads are given, of those that this process may use.

    Hardware threads of one core share what computes, so each core gives one before any gives a second.

    Args:
        threads: How many are to run side by side.
        root: Root of the file system.

    Returns:
        Their numbers in ascending order; none where the system keeps no process to cores (macOS).

    Example:
        >>> len(chosen_cores(1)) == (sys.platform == "linux")
        True
    """
    if sys.platform != "linux":
        return ()
    taken: Counter[str] = Counter()
    turns: list[tuple[int, int]] = []
    for core in sorted(os.sched_getaffinity(0)):
        physical = _physical_core(core, root)
        turns.append((taken[physical], core))
        taken[physical] += 1
    return tuple(sorted(core for _, core in sorted(turns)[:threads]))


def keep_to(cores: Sequence[int]) -> None:
    """Keep this process to some cores: the threads that it has, and those that it will have.

    Args:
        cores: Their numbers; none leaves it as it is.

    Raises:
        OSError: If the process may use none of them.
    """
    keep_thread_to(cores)
    for thread in Path("/proc/self/task").iterdir() if cores and sys.platform == "linux" else ():
        with suppress(ProcessLookupError):  # it has ended
            keep_thread_to(cores, int(thread.name))


def keep_thread_to(cores: Sequence[int], thread: int = 0) -> None:
    """Keep one thread to some cores.

    Args:
        cores: Their numbers; none leaves it as it is.
        thread: As the system numbers it; 0 for the one that calls.

    Raises:
        OSError: If this process may use none of the cores, or the thread has ended.
    """
    if cores and sys.platform == "linux":
        os.sched_setaffinity(thread, cores)


def _physical_core(core: int, root: Path) -> str:
    """What names the core that a hardware thread is of; each its own where the system does not tell."""
    siblings = root / f"sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list"
    try:
        return siblings.read_text(encoding="ascii").strip()
    except OSError:
        return str(core)
