"""Names of the measurements a report shows, as `bench` writes them, and how each stands in a cell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .markdown import BLANK, Notes, quantity

if TYPE_CHECKING:
    from ..bench.measurement import Measurement
    from ..suites.records import CostRecord

__all__ = [
    "FILE_SIZE",
    "FLOPS",
    "LATENCY",
    "MEMORY",
    "PARAMETERS",
    "RECOMMEND",
    "THROUGHPUT",
    "cell",
    "of",
    "tail",
]

LATENCY = "latency"
THROUGHPUT = "throughput"
MEMORY = "peak_memory"
PARAMETERS = "parameters"
FLOPS = "flops"
FILE_SIZE = "file_size"
RECOMMEND = "recommend"

_NOT_MEASURED = "Not measured."


def of(record: CostRecord, name: str) -> Measurement | None:
    """A measurement that has samples, or None."""
    measured = record.measurements.get(name)
    return measured if measured is not None and measured.samples else None


def cell(record: CostRecord, name: str, notes: Notes, *, spread: bool = False) -> str:
    """A measurement's median, or with `spread` its mean ± standard deviation; flags and absence as notes."""
    measured = record.measurements.get(name)
    flags = ("; ".join(measured.flags) if measured else "") or (
        _NOT_MEASURED if of(record, name) is None else ""
    )
    mark = notes.mark(flags) if flags else ""
    if measured is None or not measured.samples:
        return f"{BLANK}{mark}"
    if not spread:
        return f"{quantity(measured.median, measured.unit)}{mark}"
    deviation = f" ± {quantity(measured.sd, measured.unit)}" if math.isfinite(measured.sd) else ""
    return f"{quantity(measured.mean, measured.unit)}{deviation}{mark}"


def tail(measured: Measurement | None, share: float, notes: Notes) -> str:
    """A high percentile, left blank where so few samples cannot tell it from the largest one."""
    if measured is None:
        return BLANK
    needed = math.ceil(round(1 / (1 - share), 6))
    if measured.n < needed:
        return BLANK + notes.mark(f"A p{100 * share:.0f} needs at least {needed} samples.")
    return quantity(measured.percentile(share), measured.unit)
