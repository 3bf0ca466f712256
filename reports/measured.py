"""Measurements in cells: their names as `bench/profiling.py` defines them, their flags, and what is blank."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .costs import CostGroup, configuration
from .markdown import Notes, escape
from .quantities import BLANK, quantity, share
from .sampled import sampled

if TYPE_CHECKING:
    from ..bench.measurement import Measurement
    from ..suites.records import CostRecord

__all__ = ["cell", "median_interval", "named", "share_of_teacher", "tail"]


def named(record: CostRecord, notes: Notes) -> dict[str, str]:
    """The cells that say which row it is; the flags of the whole row as a note on its name."""
    flags = notes.mark("; ".join(record.flags)) if record.flags else ""
    name = record.method if record.method == record.model else f"{record.method} ({record.model})"
    return {"Model": escape(name) + flags, "Run by": escape(str(configuration(record)))}


def cell(record: CostRecord, name: str, notes: Notes, *, spread: bool = False) -> str:
    """A measurement's median, or with `spread` its mean ± standard deviation; flags and absence as notes."""
    measured = record.measurements.get(name)
    if measured is None:
        return BLANK + notes.mark("Not measured.")
    mark = notes.mark("; ".join(measured.flags)) if measured.flags else ""
    if not measured.samples:
        return BLANK + (mark or notes.mark("Not measured."))
    if not spread:
        return quantity(measured.median, measured.unit) + mark
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


def median_interval(measured: Measurement | None) -> str:
    """The confidence interval of the median; blank below six samples, where none of 95 % exists."""
    if measured is None or measured.n < 6:
        return BLANK
    low, high = measured.median_interval()
    return f"{quantity(low, measured.unit)} to {quantity(high, measured.unit)}"


def share_of_teacher(record: CostRecord, group: CostGroup, teachers: frozenset[str], name: str) -> str:
    """The ratio to the teacher's in the same configuration; blank for the teacher itself."""
    own = sampled(record, name)
    same = (r for r in group.records if r.model in teachers and configuration(r) == configuration(record))
    teacher = next((measured for r in same if (measured := sampled(r, name))), None)
    if record.model in teachers or teacher is None or own is None or not teacher.median:
        return BLANK
    return share(own.ratio_to(teacher))
