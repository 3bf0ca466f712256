"""JSON from outside: where it stops being JSON is said by its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...core.errors import Fault, FaultSink
from ...core.names import why
from ..polyvore.text_files import read_text

__all__ = ["NO_JSON", "broken_json", "json_elements", "json_text", "string_or_number"]

NO_JSON = (ValueError, RecursionError)
"""What reading a text raises that is no JSON, that has numbers of thousands of digits, or no end of
lists in lists."""

_SPACE = re.compile(r"\s*")
_OLD_JAPANESE = "cp932"
"""What a copy made on a Japanese Windows may be written in."""


def json_text(path: Path, expected: str, faults: FaultSink) -> str | None:
    """The text of a file; None if it cannot be read. What is no UTF-8 is read as Shift JIS."""
    data = read_text(path, expected, faults)
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode(_OLD_JAPANESE, "replace")


def broken_json(text: str, error: Exception, begun: int = 1) -> tuple[int, str]:
    r"""The line on which a text stops being JSON, and what was found there.

    Args:
        text: The text.
        error: Of `NO_JSON`.
        begun: The line to name where the error knows none.

    Example:
        >>> try:
        ...     json.loads('{"a":\n[1, 2')
        ... except json.JSONDecodeError as error:
        ...     broken_json('{"a":\n[1, 2', error)
        (2, 'JSON cut short')
    """
    if not isinstance(error, json.JSONDecodeError):
        return begun, f"JSON that cannot be read, {why(error)}"
    short = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
    return error.lineno, "JSON cut short" if short else f"no JSON ({error.msg.lower()})"


def json_elements(text: str, path: Path, expected: str, faults: FaultSink) -> Iterator[tuple[int, Any]]:
    """The elements of a JSON list, each with the line on which it begins; those before a fault are given.

    Args:
        text: What stands in the file.
        path: The file.
        expected: What it should hold.
        faults: Where it is reported that the text is no list, or ends too soon.
    """
    decoder = json.JSONDecoder()

    def skip(place: int) -> int:
        found = _SPACE.match(text, place)
        return place if found is None else found.end()

    place, line, counted = skip(0), 1, 0
    if text[place : place + 1] != "[":
        faults(Fault(f"{path}:1", "no list", expected))
        return
    place = skip(place + 1)
    while text[place : place + 1] != "]":
        line, counted = line + text.count("\n", counted, place), place
        try:
            element, place = decoder.raw_decode(text, place)
            place = skip(place)
            if text[place : place + 1] not in (",", "]") or not text[place:]:
                raise json.JSONDecodeError("Expecting ',' delimiter", text, place)
        except NO_JSON as error:
            at, found = broken_json(text, error, line)
            faults(Fault(f"{path}:{at}", found, expected, "get the file again"))
            return
        yield line, element
        if text[place] == ",":
            place = skip(place + 1)


def string_or_number(value: object) -> str | None:
    """An identifier as text, or None for what is none: releases spell some as numbers and some as text.

    Example:
        >>> string_or_number(7), string_or_number("7"), string_or_number(""), string_or_number([7])
        ('7', '7', None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return str(value).strip() or None
