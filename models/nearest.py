"""Answering an unknown name with the nearest known ones."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["nearest"]

_MOST = 12
"""Names that a message may list."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error message: what the writer of `name` may have meant.

    Example:
        >>> nearest("techer", ["teacher", "student-xs"])
        'nearest: teacher'
        >>> nearest("?", ["teacher", "student-xs"])
        'known: student-xs, teacher'
    """
    names = sorted(known)
    if close := get_close_matches(name.lower(), names, n=3):
        return f"nearest: {', '.join(close)}"
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"known: {', '.join(names[:_MOST])}{more}"
