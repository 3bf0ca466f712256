"""Names that a person types or writes: the nearest known one, and how any of them is shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from .errors import Fault, InputError, escaped

__all__ = ["composed", "nearest", "shown", "unknown_name", "why"]

_MOST = 12
"""Names that a message may list."""

_LONGEST = 80
"""Characters of a foreign text that a message may quote."""

_LONGEST_ERROR = 600
"""Characters of a stranger's error that a message may quote; two paths and a sentence fit."""


def composed(name: str) -> str:
    """A name in its one canonical form (NFC): macOS and others write an é as an e and an accent."""
    return unicodedata.normalize("NFC", name)


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error message: what the writer of `name` may have meant.

    Example:
        >>> nearest("techer", ["teacher", "student-xs"])
        'nearest: teacher'
        >>> nearest("?", ["teacher", "student-xs"])
        'known: student-xs, teacher'
    """
    names = sorted(known)
    if close := get_close_matches(name.lower()[:_LONGEST], names, n=3):
        return f"nearest: {', '.join(close)}"
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"known: {', '.join(names[:_MOST])}{more}" if names else "there is none"


def unknown_name(kind: str, name: str, known: Iterable[str], where: str | Path, otherwise: str = "") -> Fault:
    """The fault of a name that there is not.

    Args:
        kind: What is named, with its article: "a model".
        name: What stands there.
        known: The names that there are.
        where: The file and key, or the argument.
        otherwise: What else can be done.

    Example:
        >>> print(unknown_name("a model", "techer", ["teacher"], "argument name"))
        argument name: found 'techer', expected a model; nearest: teacher
    """
    advice = [nearest(name, known), *([otherwise] if otherwise else [])]
    return Fault(where, shown(name), kind, "; ".join(advice))


def shown(text: object, longest: int = _LONGEST) -> str:
    r"""A foreign text as one short, harmless line: quoted, escaped, cut in the middle.

    What a terminal would obey (ESC, DEL, bidirectional marks, line breaks) and what cannot be encoded is
    written as an escape.

    Args:
        text: What is shown; anything but a string by its `repr`, without quotes of ours.
        longest: Characters that are kept of it.

    Example:
        >>> shown("shoes\n"), shown("a" * 100)[:10], shown("\x1b[31m"), shown("\u202eabc")
        ("'shoes\\n'", "'aaaaaaaaa", "'\\x1b[31m'", "'\\u202eabc'")
        >>> len(shown("a" * 100_000)) < 100
        True
    """
    plain = text if isinstance(text, str) else repr(text)
    if len(plain) > longest:
        plain = f"{plain[: longest // 2]}…{plain[-longest // 4 :]}"
    safe = escaped(plain)
    return f"'{safe}'" if isinstance(text, str) else safe


def why(error: BaseException) -> str:
    """An error as one short, harmless line, also one whose own words fail."""
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except (Exception, SystemExit):  # a stranger's __str__
        text = "it has no words"
    kind = "an error" if isinstance(error, InputError) else type(error).__name__
    words = f"{kind} ({' '.join(str(text).split())})"
    return shown(words, longest=_LONGEST_ERROR)[1:-1]
