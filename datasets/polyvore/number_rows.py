"""Rows of whole numbers: read all at once where all is well, line by line where it is not."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.errors import Fault, FaultSink
from .text_files import excerpt

__all__ = ["NumberRows", "UnusableRow", "parse_rows"]

_NUMBER = re.compile(rb"\s*[+-]?[0-9]{1,18}\s*")
_PLAIN = b"0123456789-,\n"


@dataclass(frozen=True)
class UnusableRow(Fault):
    """A fault of one row, named by `file:line`; the file can be used without the row."""

    fix: str = "mend it, or leave such rows out with skip_unusable"

    def counted(self, count: int) -> str:
        """What it is one of, for so many of them: "rows of tuples_train_posi"."""
        return f"row{'s' * (count != 1)} of {Path(self.where).name.rpartition(':')[0]}"


@dataclass(frozen=True, eq=False)
class NumberRows:
    """Numbers of a file with the lines they stand on.

    Attributes:
        path: The file.
        fields: Name of each column.
        values: int64 (N, columns).
        lines: int64 (N,), counted from 1.
        first_line: The line on which the file's rows begin.
        total: Number of rows in the file, with those that are left out here.
    """

    path: Path
    fields: Sequence[str]
    values: NDArray[np.int64]
    lines: NDArray[np.int64]
    first_line: int
    total: int

    @property
    def numbers(self) -> NDArray[np.int64]:
        """Place of each row among all rows of the file, from 0, int64 (N,)."""
        return self.lines - self.first_line

    def take(self, kept: NDArray[np.bool_]) -> NumberRows:
        """Some of the rows."""
        return replace(self, values=self.values[kept], lines=self.lines[kept])

    def where(self, row: int) -> str:
        """File and line of a row."""
        return f"{self.path}:{self.lines[row]}"

    def without(self, wrong: NDArray[np.bool_], expected: Sequence[str], faults: FaultSink) -> NumberRows:
        """The rows that hold no wrong value.

        Args:
            wrong: bool (N, columns), which values cannot be.
            expected: What should stand in each column.
            faults: Where each wrong value is reported.
        """
        if not wrong.any():
            return self
        for row, column in np.argwhere(wrong).tolist():
            found = f"{self.values[row, column]} as {self.fields[column]}"
            faults(UnusableRow(self.where(row), found, expected[column]))
        return self.take(np.logical_not(wrong.any(axis=1)))


def parse_rows(
    body: bytes, path: Path, fields: Sequence[str], faults: FaultSink, *, first_line: int = 1
) -> NumberRows:
    r"""Rows of whole numbers, one for each field. Rows that are not are reported and left out.

    Args:
        body: The rows, without a header; empty lines at the end do not count.
        path: The file they come from, for messages.
        fields: Name of each column, for messages.
        faults: Where faults are reported.
        first_line: Line of the file on which the body starts.

    Example:
        >>> found = []
        >>> rows = parse_rows(b"1,2\n3\n5,6\n", Path("pairs"), ["user", "item"], found.append)
        >>> rows.values.tolist(), rows.lines.tolist(), found[0].where, found[0].expected
        ([[1, 2], [5, 6]], [1, 3], 'pairs:2', '2 fields (user,item)')
    """
    body = body.rstrip(b"\n")
    if not body:
        faults(Fault(path, "no rows", "one row or more"))
        nothing = np.empty((0, len(fields)), np.int64)
        return NumberRows(path, fields, nothing, np.empty(0, np.int64), first_line, 0)
    values = _parse_whole(body, len(fields))
    if values is not None:
        lines = np.arange(first_line, first_line + len(values))
        return NumberRows(path, fields, values, lines, first_line, len(values))
    return _parse_by_line(body, path, fields, faults, first_line)


def _parse_whole(body: bytes, columns: int) -> NDArray[np.int64] | None:
    """All rows at once, int64 (N, columns), or None if anything about them is out of the ordinary."""
    if body.translate(None, _PLAIN):
        return None
    try:
        values = np.loadtxt(io.BytesIO(body), np.int64, delimiter=",", comments=None, ndmin=2)
    except ValueError:
        return None
    # An empty line is skipped without a word, and then the rows are fewer than the lines.
    return values if values.shape == (body.count(b"\n") + 1, columns) else None


def _parse_by_line(
    body: bytes, path: Path, fields: Sequence[str], faults: FaultSink, first_line: int
) -> NumberRows:
    """As `parse_rows`, one line after another, so that each fault is known by its line."""
    values: list[list[int]] = []
    lines: list[int] = []
    for line, text in enumerate(body.split(b"\n"), first_line):
        fault = _fault_of_line(text, fields)
        if fault is None:
            values.append([int(cell) for cell in text.split(b",")])
            lines.append(line)
        else:
            faults(UnusableRow(f"{path}:{line}", *fault))
    shaped = np.array(values, np.int64).reshape(-1, len(fields))
    total = body.count(b"\n") + 1
    return NumberRows(path, fields, shaped, np.array(lines, np.int64), first_line, total)


def _fault_of_line(text: bytes, fields: Sequence[str]) -> tuple[str, str] | None:
    """What was found and expected in a line, or None if the line is sound."""
    cells = text.split(b",")
    if len(cells) != len(fields):
        number = f"{len(cells)} field{'s' * (len(cells) > 1)}" if text.strip() else "an empty line"
        return number, f"{len(fields)} fields ({','.join(fields)})"
    for cell, field in zip(cells, fields, strict=True):
        if not _NUMBER.fullmatch(cell):
            return f"{excerpt(cell)} as {field}", "a whole number"
    return None
