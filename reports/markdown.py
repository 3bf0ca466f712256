"""Markdown from plain text: cells that stay cells, tables, and notes below a table."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..core.errors import escaped
from .quantities import BLANK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Notes", "code", "escape", "fenced", "table"]

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def escape(text: str) -> str:
    """Text that comes from a record, safe in a cell: one line, no pipe, no markup, nothing a reader obeys.

    Example:
        >>> escape("a|b")
        'a&#124;b'
    """
    line = escaped(" ".join(text.split()))
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "&#124;")):
        line = line.replace(character, entity)
    return "".join(f"\\{c}" if c in "\\*_`[]~$" else c for c in line)


def fenced(text: str) -> str:
    """A block of code whose fence is longer than any in the text.

    Example:
        >>> print(fenced("outfitbench run demo"))
        ```sh
        outfitbench run demo
        ```
    """
    plain = "\n".join(escaped(line) for line in text.splitlines())
    longest = max((len(run) for run in re.findall("`+", plain)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{plain}\n{fence}"


def code(text: str) -> str:
    """A hash or a name in code type; blank if it is empty.

    Example:
        >>> code("cafe"), code("")
        ('`cafe`', '–')
    """
    kept = "".join(c for c in text if c.isalnum() or c in "-_.:/ ")
    return f"`{kept}`" if kept else BLANK


def table(rows: Sequence[Mapping[str, str]], *, text_columns: int = 1) -> str:
    """A pipe table; the first `text_columns` columns are flush left, the others flush right.

    Args:
        rows: One mapping a row, all with the same keys, which are the headings.
        text_columns: How many columns hold text.

    Example:
        >>> print(table([{"row": "a", "AUC": "91.20"}]))
        | row   |   AUC |
        |:------|------:|
        | a     | 91.20 |
    """
    from pandas import DataFrame

    columns = list(rows[0])
    align = ["left"] * text_columns + ["right"] * (len(columns) - text_columns)
    frame = DataFrame([dict(row) for row in rows], columns=columns)
    return frame.to_markdown(index=False, disable_numparse=True, colalign=align)


@dataclass
class Notes:
    """Numbered notes below one table; the same text gets the same number.

    Example:
        >>> notes = Notes()
        >>> "12 ms" + notes.mark("not settled")
        '12 ms¹'
        >>> print(notes)
        ¹ not settled
    """

    texts: list[str] = field(default_factory=list)

    def mark(self, text: str) -> str:
        """The superscript that leads to `text`."""
        if text not in self.texts:
            self.texts.append(text)
        return str(self.texts.index(text) + 1).translate(_SUPERSCRIPTS)

    def __str__(self) -> str:
        marks = (str(number).translate(_SUPERSCRIPTS) for number in range(1, len(self.texts) + 1))
        return "  \n".join(f"{mark} {text}" for mark, text in zip(marks, self.texts, strict=True))
