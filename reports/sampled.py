"""The measurements of a cost record that hold samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..bench.measurement import Measurement
    from ..suites.records import CostRecord

__all__ = ["LATENCY", "sampled"]

LATENCY = "latency"
"""One warm request, from decoded images to the score; see `bench/profiling.py`."""


def sampled(record: CostRecord, name: str) -> Measurement | None:
    """The measurement `name`, or None where it was not taken or failed."""
    measured = record.measurements.get(name)
    return measured if measured is not None and measured.samples else None
