"""What is wrong with something that came from outside, said in one line."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Fault", "FaultSink", "InputError", "escaped", "refuse"]


def escaped(text: str, keep: str = "") -> str:
    r"""A text that a terminal shows and does not obey, and that every file can hold.

    ESC, DEL, line breaks, bidirectional marks and bytes that were no text are written as escapes.

    Args:
        text: Of whoever wrote it.
        keep: Characters to leave as they are, whatever they do.

    Example:
        >>> print(escaped("red \x1b[31m, back \u202eabc, caf\xe9"))
        red \x1b[31m, back \u202eabc, café
    """
    return "".join(c if _harmless(c) or c in keep else _escape(c) for c in text)


def _harmless(character: str) -> bool:
    return character == " " or unicodedata.category(character)[0] not in "CZ"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input.

    It reads as one line, whatever stands in its parts.

    Attributes:
        where: The file or argument, with a line or field where there is one (`tuples_train_posi:12`).
        found: What stands there.
        expected: What should stand there.
        fix: What the user can do about it; empty when `expected` already says so.

    Example:
        >>> print(Fault("list.csv:3", "5 fields", "4 fields (user,top,bottom,shoe)"))
        list.csv:3: found 5 fields, expected 4 fields (user,top,bottom,shoe)
    """

    where: str | Path
    found: str
    expected: str
    fix: str = ""

    def __str__(self) -> str:
        line = f"{self.where}: found {self.found}, expected {self.expected}"
        return escaped(f"{line}; {self.fix}" if self.fix else line)


class InputError(ValueError):
    """An input that cannot be used. The command line prints it as one line and exits with status 2."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault

    def __reduce__(self) -> tuple[type[InputError], tuple[Fault]]:
        """It comes from other processes, too."""
        return type(self), (self.fault,)


FaultSink = Callable[[Fault], None]
"""Where a reader reports a fault: `refuse` stops at the first, `list.append` collects them all."""


def refuse(fault: Fault) -> None:
    """Stop at the first fault.

    Raises:
        InputError: Always.
    """
    raise InputError(fault)
