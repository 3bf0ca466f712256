"""What of a tree's rows is left out: refused, or counted and said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...core.errors import Fault, InputError
from .number_rows import UnusableRow
from .outfits import RepeatedRows

__all__ = ["RowSink", "say_repeated"]


@dataclass(frozen=True)
class RowSink:
    """A `FaultSink` that stops at the first fault, or, where that is asked for, passes over unusable rows.

    Attributes:
        skip: Whether unusable rows are passed over. Whatever else is wrong is refused all the same.
        rows: The unusable rows so far by file, each with its first fault.
    """

    skip: bool
    rows: dict[str, dict[str, Fault]] = field(default_factory=dict)

    def __call__(self, fault: Fault) -> None:
        """Take in a fault.

        Raises:
            InputError: If it may not be passed over.
        """
        if not self.skip or not isinstance(fault, UnusableRow):
            raise InputError(fault)
        place = str(fault.where)
        self.rows.setdefault(Path(place).name.rpartition(":")[0], {}).setdefault(place, fault)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows were passed over, for `Dataset.left_out`."""
        return {f"unusable rows of {file}": len(rows) for file, rows in self.rows.items()}

    @property
    def notes(self) -> list[str]:
        """The same as sentences with an example each, for `Dataset.notes`."""
        return [
            f"{_rows(len(rows), 'unusable')} of {file} left out: {_without_advice(next(iter(rows.values())))}"
            for file, rows in self.rows.items()
        ]


def say_repeated(repeated: Iterable[RepeatedRows]) -> list[str]:
    """Repeated rows as sentences with an example each."""
    return [f"{_rows(one.count, 'repeated')} of {one.file} left out: {one.example}" for one in repeated]


def _without_advice(fault: Fault) -> str:
    return str(replace(fault, fix=""))


def _rows(count: int, kind: str) -> str:
    return f"{count:,} {kind} row{'s' * (count != 1)}"
