"""The costs that a model is chosen by: what people call them, and what of a record they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .costs import sampled

if TYPE_CHECKING:
    from ..suites.records import CostRecord

__all__ = ["COST_QUANTITIES", "CostQuantity"]


@dataclass(frozen=True)
class CostQuantity:
    """A cost of which less is better.

    Attributes:
        name: What people call it.
        heading: At the top of a column.
        measured: The name of its measurement.
        unit: The unit of that measurement.
        share: Which percentile it is; the median if None.
    """

    name: str
    heading: str
    measured: str
    unit: str
    share: float | None = None

    def of(self, record: CostRecord) -> float:
        """The cost in its unit; NaN where it was not measured, or by too few samples for its percentile."""
        found = sampled(record, self.measured)
        if found is None or found.unit != self.unit:
            return math.nan
        return found.median if self.share is None else found.tail(self.share)

    def flags(self, record: CostRecord) -> list[str]:
        """Why it should be read with care, or why it is not there."""
        found = record.measurements.get(self.measured)
        return found.remarks if found else []


COST_QUANTITIES = {
    quantity.name: quantity
    for quantity in (
        CostQuantity("latency", "Latency", "latency", "s"),
        CostQuantity("p95", "p95", "latency", "s", 0.95),
        CostQuantity("p99", "p99", "latency", "s", 0.99),
        CostQuantity("cached-latency", "Latency from features", "score_latency", "s"),
        CostQuantity("memory", "Memory", "peak_memory", "byte"),
        CostQuantity("file", "File", "file_size", "byte"),
        CostQuantity("energy", "Energy", "energy", "J"),
        CostQuantity("parameters", "# Params", "parameters", "1"),
        CostQuantity("flops", "FLOPs", "flops", "FLOP"),
        CostQuantity("load", "Load", "load", "s"),
        CostQuantity("recommend", "Recommend", "recommend", "s"),
        CostQuantity("cold-start", "Cold start", "cold_start", "s"),
    )
}
"""By name."""
