"""Measurements in cells: their names as the workloads define them, their flags, and what is blank."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .costs import CostGroup, configuration, ratio, sessions_of
from .markdown import Notes, escape
from .quantities import BLANK, quantity, share

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..bench.measurement import Measurement
    from ..suites.records import CostRecord

__all__ = ["cell", "median_interval", "named", "share_of_reference", "tail", "told_flags"]

_MEANING = {
    "not settled": "two windows of the warm-up never agreed within 2 %",
    "unsteady": "the 95 % interval of its turns' medians is wider than ±5 %: another run may give another",
}
"""Of flags that are names."""


def named(record: CostRecord, group: CostGroup) -> dict[str, str]:
    """The cells that say which row it is."""
    name = record.method if record.method == record.model else f"{record.method} ({record.model})"
    if any(other.variant for other in group.records):
        name += f" · {record.variant or 'as trained'}"
    cells = {"Model": escape(name), "Run by": escape(str(configuration(record)))}
    if len(group.sessions) > 1:
        numbers = sorted(group.sessions.index(session) + 1 for session in sessions_of(record))
        cells["Session"] = ", ".join(map(str, numbers))
    return cells


def cell(record: CostRecord, name: str, notes: Notes, *, spread: bool = False) -> str:
    """A measurement's median, or with `spread` its mean ± standard deviation; flags and absence as notes."""
    measured = record.measurements.get(name)
    if measured is None:
        return BLANK + notes.mark("Not measured.")
    mark = notes.mark(told_flags(remarks)) if (remarks := measured.remarks) else ""
    if not measured.samples:
        return BLANK + (mark or notes.mark("Not measured."))
    if not spread:
        return _written(measured.median, measured) + mark
    deviation = f" ± {_written(measured.sd, measured)}" if measured.n > 1 else ""
    return f"{_written(measured.mean, measured)}{deviation}{mark}"


def tail(measured: Measurement | None, share: float, notes: Notes) -> str:
    """A high percentile, left blank where so few samples cannot tell it from the largest one."""
    if measured is None:
        return BLANK
    if math.isnan(found := measured.tail(share)):
        needed = measured.needed(share)
        return BLANK + notes.mark(f"A p{100 * share:.0f} needs at least {needed} samples.")
    return _written(found, measured)


def median_interval(measured: Measurement | None) -> str:
    """The confidence interval of the median; blank below six samples, where none of 95 % exists."""
    if measured is None or not measured.has_interval:
        return BLANK
    low, high = measured.median_interval()
    return f"{_written(low, measured)} to {_written(high, measured)}"


def share_of_reference(record: CostRecord, group: CostGroup, name: str) -> str:
    """The ratio to the group's reference, of one configuration and session; blank where there is none."""
    reference = group.reference(record, counted=name == "parameters")
    decimals = 1 if name == "parameters" else 0  # what is timed is not known to a thousandth
    return share(ratio(record, reference, name), decimals=decimals) if reference else BLANK


def _written(value: float, measured: Measurement) -> str:
    return quantity(value, escape(measured.unit))


def told_flags(flags: Iterable[str]) -> str:
    """Flags as a note; what one does not say by itself is added.

    Example:
        >>> told_flags(["not settled"])
        'not settled (two windows of the warm-up never agreed within 2 %)'
    """
    return escape("; ".join(f"{flag} ({_MEANING[flag]})" if flag in _MEANING else flag for flag in flags))
