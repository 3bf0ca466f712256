"""A process that another one of ours has started: it tells its lines there, and ends with it."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import connection, parent_process

import rich

__all__ = ["end_with_parent", "in_environment", "tell_lines"]

_WIDTH = 10_000
"""Of a console whose lines go to another process, which breaks them."""


class _LineFile(io.TextIOBase):
    r"""A file that hands over each line that is written to it.

    Example:
        >>> lines = []
        >>> lines_of = _LineFile(lines.append)
        >>> written = [lines_of.write(part) for part in ("tw", "o\n\nthr")]
        >>> lines
        ['two']
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell, self._begun = tell, ""

    def write(self, text: str) -> int:
        """Hand over the lines that this ends."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in filter(str.strip, lines):
            self._tell(line)
        return len(text)


def tell_lines(tell: Callable[[str], None], *, quiet: bool) -> None:
    """Have what this process says, and its progress, handed over line by line.

    Args:
        tell: Takes a line.
        quiet: Whether it says nothing.
    """
    rich.reconfigure(file=_LineFile(tell), stderr=True, quiet=quiet, force_terminal=False, width=_WIDTH)


@contextmanager
def in_environment(name: str, value: str) -> Iterator[None]:
    """Let an environment variable that nobody has set have a value for what is started meanwhile."""
    if name in os.environ:
        yield
        return
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]


def end_with_parent() -> None:
    """From now on, end this process as soon as its parent is gone, whatever it is at then."""
    threading.Thread(target=_wait_and_end, daemon=True).start()


def _wait_and_end() -> None:
    parent = parent_process()
    assert parent is not None  # this is a process that `multiprocessing` started
    connection.wait([parent.sentinel])
    os._exit(1)
