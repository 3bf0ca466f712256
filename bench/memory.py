"""Peak memory of this process."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

__all__ = ["peak_resident"]

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
