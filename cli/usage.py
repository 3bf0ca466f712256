"""A usage error in one line: tyro tells it in a box of many."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches

from .answer import BAD_INPUT
from .terminal import complain

__all__ = ["in_one_line", "readable_width", "usage_errors_in_one_line"]

_NARROWEST = 40
"""Columns for which help is laid out at least: to fit it into one takes the layout minutes."""

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_BORDER = re.compile(r"[╭╰]─.*")
_RULE = re.compile(r"[─-]{8,}")
_PLACE = re.compile(r"in \S+ (?:(\S+) )?--help")
_NO_NUMBER = (
    re.compile(r"Error parsing (\S+): invalid literal for int\(\) with base 10: (.+)"),
    re.compile(r"Error parsing (\S+): no type matching INT could be instantiated from \[(.+)\]"),
)
"""How the box tells of an option that should be a whole number."""

_HELP = " " * 8
"""How far the box indents the help text of an option that it names."""


@contextlib.contextmanager
def usage_errors_in_one_line(arguments: Sequence[str], *, json_wanted: bool = False) -> Iterator[None]:
    """Let a parser that exits inside tell its reason in one line on stderr; for a program as JSON, too."""
    written = io.StringIO()
    try:
        with contextlib.redirect_stderr(written):
            yield
    except SystemExit as leaving:
        if leaving.code:
            said = in_one_line(written.getvalue(), arguments)
            complain(said, BAD_INPUT, "usage", json_wanted=json_wanted)
        raise


@contextlib.contextmanager
def readable_width() -> Iterator[None]:
    """Have help laid out for a terminal that has room for a word, whatever COLUMNS says."""
    said = os.environ.get("COLUMNS")
    if shutil.get_terminal_size().columns < _NARROWEST:
        os.environ["COLUMNS"] = str(_NARROWEST)
    try:
        yield
    finally:
        if said is None:
            os.environ.pop("COLUMNS", None)
        else:
            os.environ["COLUMNS"] = said


def in_one_line(box: str, arguments: Sequence[str] = ()) -> str:
    """What a box of tyro's says: the error, the nearest name where it tells one, and where to read on.

    Args:
        box: The box.
        arguments: What was typed; the options of a subcommand that is not among it are no help.

    Example:
        >>> in_one_line('''╭─ Unrecognized options ─────────────────╮
        ... │ Unrecognized options: rnu              │
        ... │ ────────────────────────────────────── │
        ... │ Available subcommands: list, data, run │
        ... │ ────────────────────────────────────── │
        ... │ For full helptext, run outfitbench -h  │
        ... ╰────────────────────────────────────────╯''')
        'Unrecognized options: rnu; Available subcommands: list, data, run; nearest: run; see outfitbench -h'
    """
    error, *more = _sections(box.replace("'command.", "'"))  # its name for the subcommand's arguments
    said = [_of_numbers(_first_paragraph(error))]
    if repeated := _one_value_too_many(said[0], arguments):
        said.append(repeated)
    for section in more:
        head, *rest = section
        if head.startswith("Available subcommands:"):
            available = " ".join(section)
            names = available.partition(": ")[2].split(", ")
            wrong = said[0].partition(": ")[2].partition(",")[0]
            said += [available, *(f"nearest: {name}" for name in get_close_matches(wrong, names, n=1))]
        elif head.startswith("Perhaps you meant"):
            said += [f"nearest: {option}" for option in _options(rest, arguments)[:1]]
        elif head.startswith("For full helptext"):
            said.append("see " + re.sub(r"For full helptext, (run|see):? ?", "", " ".join(section)).strip())
    return "; ".join(" ".join(part.split()) for part in said)


def _of_numbers(error: str) -> str:
    """An error in this project's words where a whole number was expected, else as it is."""
    for told in _NO_NUMBER:
        if found := told.fullmatch(error):
            return f"argument {found[1]}: found {found[2]}, expected a whole number"
    return error


def _one_value_too_many(error: str, arguments: Sequence[str]) -> str:
    """How to give an option several values, where a word too many follows an option and its value."""
    word = error.partition("Unrecognized options: ")[2].partition(", ")[0]
    if not word or word.startswith("-") or word not in arguments:
        return ""
    place = arguments.index(word)
    option, value = ("", "", *arguments[:place])[-2:]
    if not option.startswith("--") or value.startswith("-"):
        return ""
    return f"an option that takes several values is repeated: {option} {value} {option} {word}"


def _options(lines: Sequence[str], arguments: Collection[str]) -> list[str]:
    """The options of a list of suggestions that the typed subcommand or the whole command has."""
    option, found = "", []
    for line in lines:
        if not line.startswith(_HELP):
            option = line.split()[0]
        elif (place := _PLACE.fullmatch(line.strip())) and (not place[1] or place[1] in arguments):
            found.append(option)
    return found


def _sections(box: str) -> list[list[str]]:
    """The lines between the rules of a box, without its border and title.

    Where stdout is not UTF-8 there is no border, and the title stands above a rule.
    """
    sections: list[list[str]] = [[]]
    for line in _COLOURS.sub("", box).splitlines():
        text = line.removeprefix("│ ").removesuffix("│") if line.startswith("│") else line.removeprefix("  ")
        if _RULE.fullmatch(text.strip()):
            sections.append([])
        elif not _BORDER.fullmatch(text) and (text.strip() or sections[-1]):
            sections[-1].append(text.rstrip())
    return sections if "╭" in box else sections[1:]


def _first_paragraph(lines: list[str]) -> str:
    """Its lines but for help texts, as one, without the full stop."""
    end = lines.index("") if "" in lines else len(lines)
    return " ".join(line for line in lines[:end] if not line.startswith(_HELP)).removesuffix(".")
