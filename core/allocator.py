"""What the C library does with freed memory: keep it, so that the next step need not fetch it anew."""

from __future__ import annotations

import ctypes
import os

__all__ = ["ASKED_BY_THE_USER", "keep_freed_memory"]

ASKED_BY_THE_USER = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")
"""Environment variables by which a user says otherwise; glibc has read them when the process began."""

# Of malloc.h (mallopt(3)). Setting either one ends glibc's own adjustment of both.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_UP_TO = 2**30, 2**25
"""Bytes; before 2.35 glibc takes no more than the second for what it asks of the system a block at a time."""


def keep_freed_memory() -> bool:
    """Have this process keep the memory that it frees, where its C library is glibc; else do nothing.

    By default glibc gives a large block back to the system as soon as it is freed, and a forward pass takes
    it again page by page, each a fault of some microseconds on a virtual machine: a third of the time of the
    set transformer, in PyTorch and in NumPy alike. Results are the same, bit for bit; a process stays at its
    peak.

    Returns:
        Whether it is kept now by this call.

    Example:
        >>> keep_freed_memory() in (True, False)
        True
    """
    if any(name in os.environ for name in ASKED_BY_THE_USER):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl, macOS; Windows has no such library
        return False
    # The one alone makes it worse: what is then asked of the system a block at a time is all of 128 KiB on.
    return any(mallopt(_MMAP_THRESHOLD, size) and mallopt(_TRIM_THRESHOLD, size) for size in _KEPT_UP_TO)
