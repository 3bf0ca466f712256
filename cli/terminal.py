"""What the front door writes to its streams: whatever they can show, and one line when they take nothing."""

from __future__ import annotations

import io
import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.errors import Fault, InputError, escaped

__all__ = ["complain", "print_out", "show_what_can_be_shown", "stdout_failed", "table"]

_UNWRITTEN = 1
"""Exit status when the answer could not be written."""


def show_what_can_be_shown() -> None:
    """Let stdout and stderr replace the characters that their encoding does not have.

    One that was closed (`>&-`) takes everything and shows nothing.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - as long as we
    for stream, errors in ((sys.stdout, "replace"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)


def print_out(text: str, status: int) -> int:
    """Write to stdout what is to be written, and what a library left in its buffer.

    A reader that has gone (`| head`) changes nothing; a stdout that takes nothing is one line on stderr.

    Args:
        text: Printed with a line's end unless empty.
        status: Exit status where all goes well.

    Returns:
        The exit status.
    """
    try:
        print(text, end="\n" if text else "", flush=True)
    except OSError as error:
        return stdout_failed(error, status)
    return status


def stdout_failed(error: OSError, status: int) -> int:
    """What comes of an error while writing to stdout; the exit status."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python flushes on its way out
    if isinstance(error, BrokenPipeError):
        return status
    reason = (error.strerror or str(error)).lower()
    _one_line(str(Fault("standard output", reason, "room for the answer")))
    return status or _UNWRITTEN


def complain(what: object, status: int, kind: str, *, json_wanted: bool) -> int:
    """Say in one line on stderr what went wrong, and for a program on stdout, too.

    Args:
        what: The error, or words.
        status: Exit status.
        kind: "usage", "input", "failed" or "interrupted".
        json_wanted: Whether a program asks.

    Returns:
        The exit status.
    """
    line = _one_line(str(what))
    if not json_wanted:
        return status
    error: dict[str, Any] = {"kind": kind, "status": status, "message": line}
    if isinstance(what, InputError):
        fault = what.fault
        error |= {
            "where": str(fault.where),
            "found": fault.found,
            "expected": fault.expected,
            "fix": fault.fix,
        }
    return print_out(json.dumps({"error": error}, indent=2), status)


def _one_line(text: str) -> str:
    line = escaped(" ".join(text.split()))
    print(f"outfitbench: {line}", file=sys.stderr)
    return line


def table(rows: Sequence[Mapping[str, object]], floats: str = ",.4f") -> str:
    """Rows as columns of text; names that look like numbers stay what they are.

    Args:
        rows: All with the same keys, which head the columns. Numbers stand to the right.
        floats: Format of what is no whole number; whole numbers have commas.

    Example:
        >>> print(table([{"method": "5e-2", "parameters": 1234, "auc": 0.5}, {"method": "0.10"}]))
        method      parameters     auc
        --------  ------------  ------
        5e-2             1,234  0.5000
        0.10
    """
    from tabulate import tabulate

    heads = list(dict.fromkeys(head for row in rows for head in row))
    cells = [[_cell(row.get(head), floats) for head in heads] for row in rows]
    numbers = [all(not isinstance(row.get(head), str) for row in rows) for head in heads]
    sides = ["right" if number else "left" for number in numbers]
    text = tabulate(cells, headers=heads, colalign=sides, disable_numparse=True)
    return "\n".join(line.rstrip() for line in text.splitlines())


def _cell(value: object, floats: str) -> str:
    match value:
        case None:
            return ""
        case float() if math.isnan(value):
            return ""
        case float():
            return format(value, floats)
        case int():
            return format(value, ",")
        case _:
            return escaped(str(value))
