"""How near what was measured comes to what the machine can do, and which of its two bounds holds it back."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from .costs import configuration, sampled
from .markdown import code, escape, table
from .measured import named
from .quantities import quantity, share

if TYPE_CHECKING:
    from ..bench.ceiling import Bound, Ceiling
    from ..bench.measurement import Measurement
    from ..suites.records import CostRecord
    from .costs import CostGroup

__all__ = ["ceiling_table"]

_HELD_BY = {"products": "matrix products", "bandwidth": "memory bandwidth"}

_LEGEND = (
    "The ceiling: the rate of matrix products and the bandwidth of memory, on the threads that engines are "
    "given. At best: what the FLOPs and bytes that the work cannot do without would take at those rates, the "
    "longer of the two, which holds it back. Products are those of what a row computes most in, where their "
    "rate was read; else, and for fp16, which processors widen, those of fp32. A convolution's products with "
    "the padding about an image do not count, as no engine needs them; one that computes them all the same "
    "reaches less. More than all of it is reached where what counts as moved stays in the processor's "
    "caches, or where the machine was slower when its ceiling was read."
)

_UNCOUNTED = "Graphs made of a pruned network have no row: their FLOPs are not counted."
"""Of records from before they were."""


def ceiling_table(group: CostGroup) -> str:
    """A row for each measurement whose least work is known; empty where there is none."""
    rows = []
    for record in sorted(
        group.taken, key=lambda record: (configuration(record), record.method, record.variant)
    ):
        for name, bound in record.bounds.items():
            if (measured := sampled(record, name)) is None:
                continue
            rows.append(
                named(record, group)
                | {
                    "Quantity": escape(name.replace("_", " ")),
                    "Held by": _HELD_BY[bound.by] + _in_bits(record, bound),
                    "Measured": quantity(measured.median, escape(measured.unit)),
                    "At best": quantity(bound.best, escape(measured.unit)),
                    "Reached": share(bound.share),
                }
            )
    if not rows:
        return ""
    columns = list(rows[0])
    legend = f"{_LEGEND} {_UNCOUNTED}" if _has_uncounted(group) else _LEGEND
    return "\n\n".join([table(rows, text_columns=columns.index("Held by") + 1), _ceilings(group), legend])


def _has_uncounted(group: CostGroup) -> bool:
    """Whether a variant has no bounds under a workload that has some."""
    bounded = {record.workload for record in group.taken if record.bounds}
    return any(
        record.variant and record.ceiling and not record.bounds and record.workload in bounded
        for record in group.taken
    )


def _in_bits(record: CostRecord, bound: Bound) -> str:
    """In which precision products hold it back, where their rate was read."""
    read = record.ceiling is not None and record.precision in record.ceiling.in_fewer_bits
    return f" in {record.precision}" if read and bound.by == "products" else ""


def _ceilings(group: CostGroup) -> str:
    """What the machine could do in each session, and how far that moved meanwhile."""
    found: dict[str, list[Ceiling]] = {}
    for record in group.taken:
        read = found.setdefault(record.session, [])
        if record.ceiling is not None and record.ceiling not in read:
            read.append(record.ceiling)
    lines = []
    for session, read in sorted(found.items()):
        if not read:
            continue
        readings = sum(len(ceiling.products.turns) for ceiling in read)
        when = f"read {readings} times, before and after each round" if readings > 1 else "read when it began"
        fewer = [
            f"{_over_readings([ceiling.in_fewer_bits[name] for ceiling in read])} in {name}"
            for name in sorted(read[0].in_fewer_bits)
        ]
        products = ", ".join([_over_readings([ceiling.products for ceiling in read]) + " in fp32", *fewer])
        memory = _over_readings([ceiling.bandwidth for ceiling in read])
        lines.append(
            f"Ceiling of session {code(session)}: matrix products {products}; {memory} of memory; {when}."
        )
    return "  \n".join(lines)


def _over_readings(rates: list[Measurement]) -> str:
    """The median of all samples, and between what the readings' own medians lie where there are several."""
    unit, medians = rates[0].unit, [each for rate in rates for each in rate.turn_medians]
    middle = quantity(median(sample for rate in rates for sample in rate.samples), unit)
    if len(medians) < 2:
        return middle
    return f"{middle} ({quantity(min(medians), unit)} to {quantity(max(medians), unit)})"
