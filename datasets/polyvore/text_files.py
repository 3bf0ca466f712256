"""Files of text from outside, and what of them may be shown in a message."""

from __future__ import annotations

from pathlib import Path

from ...core.errors import Fault, FaultSink

__all__ = ["excerpt", "first_lines", "read_lines", "read_text"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LONGEST_EXCERPT = 60


def read_text(path: Path, expected: str, faults: FaultSink) -> bytes | None:
    """The bytes of a text file, without byte-order mark and carriage returns; None if it cannot be read.

    Args:
        path: The file.
        expected: What the file should hold, for messages.
        faults: Where a fault is reported.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        faults(Fault(path, (error.strerror or str(error)).lower(), expected))
        return None
    return data.removeprefix(_BYTE_ORDER_MARK).replace(b"\r\n", b"\n")


def read_lines(path: Path, expected: str, faults: FaultSink) -> list[bytes] | None:
    """The lines of a text file, without empty ones at its end; None if there are none.

    Args:
        path: The file.
        expected: What the file should hold, for messages.
        faults: Where a fault is reported.
    """
    data = read_text(path, expected, faults)
    if data is None:
        return None
    body = data.rstrip(b"\n")
    if not body:
        faults(Fault(path, "an empty file", expected))
        return None
    return body.split(b"\n")


def first_lines(path: Path, number: int) -> list[bytes]:
    """The first lines of a file; an empty one for each that there is not, or that cannot be read."""
    try:
        with path.open("rb") as file:
            lines = [file.readline().rstrip(b"\r\n") for _ in range(number)]
    except OSError:
        return [b""] * number
    return [lines[0].removeprefix(_BYTE_ORDER_MARK), *lines[1:]]


def excerpt(text: bytes) -> str:
    """Some bytes as they can be shown in one line.

    Example:
        >>> excerpt(b"12,x")
        "'12,x'"
    """
    shown = text[: _LONGEST_EXCERPT + 1].decode("utf-8", "backslashreplace")
    return repr(shown if len(text) <= _LONGEST_EXCERPT else f"{shown[:_LONGEST_EXCERPT]}…")
