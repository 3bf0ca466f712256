"""What could be shipped: a row of a quality table as one configuration runs it, and what that costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..evaluation.metrics import places
from .cost_quantities import COST_QUANTITIES
from .costs import Configuration, CostGroup, configuration, cost_of, groups_beside

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..suites.records import CostRecord, VariantRecord
    from .comparison_table import ComparisonTable
    from .cost_quantities import CostQuantity
    from .table_rows import Row

__all__ = ["Choice", "Choices", "choices_of"]


@dataclass(frozen=True, eq=False)
class Choice:
    """A row as one configuration runs it.

    Attributes:
        row: How good it is.
        record: What it costs.
        rank: Place of its AUC among its rivals, the higher the better; AUCs apart by rounding share one.
        flags: What a reader should know of the variants that it is.
    """

    row: Row
    record: CostRecord
    rank: float
    flags: tuple[str, ...] = ()

    @property
    def configuration(self) -> Configuration:
        """What runs it."""
        return configuration(self.record)

    @property
    def label(self) -> str:
        """Row and configuration, as plain text, and what is to be known of it, in short."""
        flags = "; ".join(flag.partition(" (")[0] for flag in self.flags)
        return f"{self.row.name} in {self.configuration}" + (f" ({flags})" if flags else "")

    def dominates(self, other: Choice, quantities: Iterable[CostQuantity]) -> bool:
        """Whether it is nowhere worse and somewhere better, in AUC and in the quantities the other has."""
        pairs = [(quantity.of(self.record), quantity.of(other.record)) for quantity in quantities]
        pairs = [(own, theirs) for own, theirs in pairs if not math.isnan(theirs)]
        if self.rank < other.rank or not all(own <= theirs for own, theirs in pairs):
            return False
        return bool(pairs) and (self.rank > other.rank or any(own < theirs for own, theirs in pairs))


@dataclass(frozen=True, eq=False)
class Choices:
    """What could be shipped of one quality table on one machine.

    Attributes:
        ranked: The quality table.
        group: Where the costs were taken.
        each: By configuration, and within it in the order of the quality table.
    """

    ranked: ComparisonTable
    group: CostGroup
    each: tuple[Choice, ...]

    def front(self, quantity: CostQuantity) -> list[Choice]:
        """Those that no other beats in AUC and in this quantity, from the cheapest to the best."""
        known = [choice for choice in self.each if not math.isnan(quantity.of(choice.record))]
        kept = [one for one in known if not any(other.dominates(one, [quantity]) for other in known)]
        return sorted(kept, key=lambda choice: (quantity.of(choice.record), choice.rank))

    def dominator(self, choice: Choice, quantities: Sequence[CostQuantity]) -> Choice | None:
        """The best of those that beat a choice in AUC and all quantities together; None if it stands."""
        beating = [other for other in self.each if other.dominates(choice, quantities)]
        standing = [one for one in beating if not any(other.dominates(one, quantities) for other in beating)]
        return max(standing or beating, key=lambda other: other.rank, default=None)


def choices_of(
    ranked: ComparisonTable, groups: Iterable[CostGroup], variants: Iterable[VariantRecord] = ()
) -> list[Choices]:
    """What could be shipped of a quality table, machine by machine.

    The quality of a model as it was trained, and of a variant of its weights, was measured in full precision,
    so only costs in full precision stand beside it; beside another variant's those alone of the engine that
    ranked it. What was run for its throughput alone is no choice.

    Args:
        ranked: How good its rows are.
        groups: What was measured.
        variants: Whose flags the choices carry.
    """
    flagged = {record.trial: record.flags for record in variants if record.flags}
    found = []
    for group in groups_beside(ranked, groups):
        chosen: list[tuple[Row, CostRecord]] = []
        for running in sorted({configuration(record) for record in group.records}):
            records = [record for record in group.records if configuration(record) == running]
            beside = [(row, cost_of(row, records)) for row in ranked.rows]
            chosen += [
                (row, record)
                for row, record in beside
                if record is not None and _has_costs(record) and _ranked_as_run(row, record)
            ]
        if chosen:
            ranks = np.asarray(places([row.mean("auc") for row, _ in chosen]), dtype=float).tolist()
            each = tuple(
                Choice(row, record, rank, _flags_of(row, flagged))
                for (row, record), rank in zip(chosen, ranks, strict=True)
            )
            found.append(Choices(ranked, group, each))
    return found


def _ranked_as_run(row: Row, record: CostRecord) -> bool:
    """Whether a row was ranked as what these costs are of computes: in its engine, or in full precision."""
    if engine := row.records[0].engine:
        return (engine, "cpu") == (record.engine, record.device)
    return record.precision == "fp32"


def _flags_of(row: Row, flagged: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    return tuple(sorted({flag for trial in row.weights for flag in flagged.get(trial, ())}))


def _has_costs(record: CostRecord) -> bool:
    return any(not math.isnan(quantity.of(record)) for quantity in COST_QUANTITIES.values())
