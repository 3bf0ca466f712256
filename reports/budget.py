"""Which model for this budget: limits on costs as people write them, and the best row inside them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.errors import Fault, InputError
from ..core.names import shown, unknown_name
from .choices import Choice, Choices, choices_of
from .cost_quantities import COST_QUANTITIES, CostQuantity
from .costs import machine_label
from .quantities import hundredfold, quantity, signed
from .ties import tie_letters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..suites.records import VariantRecord
    from .comparison_table import ComparisonTable
    from .costs import CostGroup

__all__ = ["Budget", "BudgetAnswer", "Limit", "budget_answers", "parse_budget"]

_UNITS: dict[str, dict[str, float]] = {
    "s": {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6},
    "byte": {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30},
    "1": {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9},
    "FLOP": {"FLOP": 1.0, "MFLOP": 1e6, "GFLOP": 1e9, "TFLOP": 1e12},
    "J": {"J": 1.0, "mJ": 1e-3},
}
"""What a limit may be written in, by the unit of what is measured."""

_LIMIT = re.compile(r"\s*([\w-]+)\s*=\s*(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-zµ]*)\s*")

_MANIFOLD = 9.0
"""Of the limit more, from which on what is over it is told in multiples."""

_STEPS = 3
"""Ways to spend more that are named."""


@dataclass(frozen=True)
class Limit:
    """The most that a cost may be, in its unit."""

    cost: CostQuantity
    most: float

    def __str__(self) -> str:
        return f"{self.cost.name} {quantity(self.most, self.cost.unit)}"

    def share(self, choice: Choice) -> float:
        """A choice's cost as a multiple of the limit; NaN where it was not measured."""
        return self.cost.of(choice.record) / self.most


@dataclass(frozen=True)
class Budget:
    """Limits that must hold together."""

    limits: tuple[Limit, ...]

    def __str__(self) -> str:
        return ", ".join(map(str, self.limits))

    def excess(self, choice: Choice) -> float:
        """The largest of a choice's costs as a multiple of its limit; NaN where one was not measured."""
        shares = [limit.share(choice) for limit in self.limits]
        return math.nan if any(map(math.isnan, shares)) else max(shares)


def parse_budget(text: str, where: str = "argument --budget") -> Budget:
    """A budget as it is written: quantities with their limits, between commas.

    Raises:
        InputError: For a quantity that there is not, one given twice, or a limit in no unit of its own.

    Example:
        >>> print(parse_budget("latency=10ms, file=20MB"))
        latency 10.0 ms, file 20.0 MB
    """
    limits: dict[str, Limit] = {}
    for part in text.split(","):
        found = _LIMIT.fullmatch(part)
        if found is None:
            raise InputError(
                Fault(where, shown(part), "a limit like latency=10ms, or several between commas")
            )
        name, number, unit = found.groups()
        if name not in COST_QUANTITIES:
            raise InputError(unknown_name("a cost", name, COST_QUANTITIES, where))
        cost = COST_QUANTITIES[name]
        units = _UNITS[cost.unit]
        if unit not in units:
            known = ", ".join(filter(None, units))
            raise InputError(Fault(where, shown(part), f"{name} in {known}"))
        if name in limits:
            raise InputError(Fault(where, f"{name} twice", "each cost once"))
        if not float(number):
            raise InputError(Fault(where, shown(part), f"a limit of {name} above 0"))
        limits[name] = Limit(cost, float(number) * units[unit])
    return Budget(tuple(limits.values()))


@dataclass(frozen=True, eq=False)
class BudgetAnswer:
    """The best inside a budget, of one quality table on one machine.

    Attributes:
        choices: What there is.
        budget: The budget.
        best: The best of what is inside by AUC, of equals the one with most to spare; None if nothing is.
        tied: What is not told from that one in AUC and has more to spare, the one with most; None if that is
            the best itself.
        more: What is better and outside, each step the least excess for its AUC.
        alike: What is not told from the best in AUC, of all there is.
        nearest: Where nothing is inside: what is nearest to it; None if nothing has all the costs measured.
        unmeasured: How many lack the measurement of a cost of the budget.
    """

    choices: Choices
    budget: Budget
    best: Choice | None
    tied: Choice | None
    more: tuple[Choice, ...]
    alike: frozenset[Choice]
    nearest: Choice | None
    unmeasured: int

    @property
    def place(self) -> str:
        """Of what it is, as plain text."""
        return f"{self.choices.ranked.label}, on {machine_label(self.choices.group.machine)}"

    def __str__(self) -> str:
        return " ".join([f"{self.place}:", *self._sentences()])

    def _sentences(self) -> list[str]:
        if self.best is None:
            found = f"found no model within {self.budget}"
            if self.nearest is not None:
                found += f"; nearest is {self._told(self.nearest)}"
            said = [f"{found}."]
        else:
            said = [f"{self._told(self.best)} is the best within {self.budget}."]
            if self.tied is not None:
                said.append(f"Not told from it in AUC, and with most to spare: {self._told(self.tied)}.")
        if self.more:
            steps = [f"{self._told(choice)}, {self._gain(choice)}" for choice in self.more]
            said.append(f"More would buy {'; or '.join(steps)}.")
        elif self.best is not None:
            said.append("More would buy nothing better.")
        if self.unmeasured:
            said.append(f"Left out, as not all of these costs were measured: {self.unmeasured}.")
        return said

    def _told(self, choice: Choice) -> str:
        costs = [self._cost(limit, choice) for limit in self.budget.limits]
        return f"{choice.label} with AUC {hundredfold(choice.row.mean('auc'))}, {', '.join(costs)}"

    def _cost(self, limit: Limit, choice: Choice) -> str:
        over = limit.share(choice) - 1
        remarks = (
            [f"+{100 * over:.0f} %" if over < _MANIFOLD else f"{over + 1:,.0f} times"] if over > 0 else []
        )
        remarks += limit.cost.flags(choice.record)
        told = f"{limit.cost.name} {quantity(limit.cost.of(choice.record), limit.cost.unit)}"
        return f"{told} ({'; '.join(remarks)})" if remarks else told

    def _gain(self, choice: Choice) -> str:
        assert self.best is not None, "more is told beside the best"
        gain = f"for an AUC of {signed(choice.row.mean('auc') - self.best.row.mean('auc'))}"
        return f"{gain}, which nothing tells from none" if choice in self.alike else gain


def budget_answers(
    tables: Sequence[ComparisonTable],
    groups: Sequence[CostGroup],
    budget: Budget,
    variants: Sequence[VariantRecord] = (),
) -> list[BudgetAnswer]:
    """The best inside a budget for each quality table and machine that has costs beside it."""
    measured = [choices for ranked in tables for choices in choices_of(ranked, groups, variants)]
    return [_answer(choices, budget) for choices in measured]


def _answer(choices: Choices, budget: Budget) -> BudgetAnswer:
    excess = {choice: budget.excess(choice) for choice in choices.each}
    known = sorted(
        (choice for choice in choices.each if not math.isnan(excess[choice])),
        key=lambda choice: (excess[choice], -choice.rank),
    )
    inside = [choice for choice in known if excess[choice] <= 1]
    best = max(inside, key=lambda choice: choice.rank, default=None)  # the first, with most to spare
    more: list[Choice] = []
    highest = math.inf if best is None else best.rank
    for choice in known:
        if excess[choice] > 1 and choice.rank > highest:
            more.append(choice)
            highest = choice.rank
    nearest = known[0] if known and best is None else None
    alike = frozenset[Choice]() if best is None else _not_told_from(choices, best)
    # The first of what is inside is that with most to spare.
    first = next((choice for choice in inside if choice is best or choice in alike), None)
    left_out = len(choices.each) - len(known)
    return BudgetAnswer(
        choices=choices,
        budget=budget,
        best=best,
        tied=None if first is best else first,
        more=tuple(more[:_STEPS]),
        alike=alike,
        nearest=nearest,
        unmeasured=left_out,
    )


def _not_told_from(choices: Choices, best: Choice) -> frozenset[Choice]:
    """What cannot be told from the best in AUC, the same row in other engines with it."""
    ranked = choices.ranked
    letters = dict(zip(map(id, ranked.all_rows), tie_letters(ranked, "auc"), strict=True))
    own = set(letters[id(best.row)])
    return frozenset(choice for choice in choices.each if own & set(letters[id(choice.row)]))
