"""What of a tree's rows is left out: refused, or counted and said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ...core.errors import Fault, InputError
from .number_rows import UnusableRow
from .outfits import RepeatedRows

__all__ = ["RowSink", "say_repeated"]


@dataclass(frozen=True)
class RowSink:
    """A `FaultSink` that stops at the first fault, or, where that is asked for, passes over unusable rows.

    Attributes:
        skip: Whether unusable rows are passed over. Whatever else is wrong is refused all the same.
        rows: Where the unusable rows so far stand, by what they are called ("rows of …").
        first: The first fault of each of these kinds.
    """

    skip: bool
    rows: dict[str, set[str]] = field(default_factory=dict)
    first: dict[str, UnusableRow] = field(default_factory=dict)

    def __call__(self, fault: Fault) -> None:
        """Take in a fault.

        Raises:
            InputError: If it may not be passed over.
        """
        if not self.skip or not isinstance(fault, UnusableRow):
            raise InputError(fault)
        kind = fault.counted(2)
        self.first.setdefault(kind, fault)
        self.rows.setdefault(kind, set()).add(str(fault.where))

    @property
    def counts(self) -> dict[str, int]:
        """How many rows were passed over, for `Dataset.left_out`."""
        return {f"unusable {kind}": len(rows) for kind, rows in self.rows.items()}

    @property
    def notes(self) -> list[str]:
        """The same as sentences with an example each, for `Dataset.notes`."""
        said: list[str] = []
        for kind, rows in self.rows.items():
            first = self.first[kind]
            said.append(
                f"{len(rows):,} unusable {first.counted(len(rows))} left out: {_without_advice(first)}"
            )
        return said


def say_repeated(repeated: Iterable[RepeatedRows]) -> list[str]:
    """Repeated rows as sentences with an example each."""
    return [
        f"{one.count:,} repeated row{'s' * (one.count != 1)} of {one.file} left out: {one.example}"
        for one in repeated
    ]


def _without_advice(fault: Fault) -> str:
    return str(replace(fault, fix=""))
