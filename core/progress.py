"""What a person sees while waiting: a bar on a terminal, a line a minute elsewhere, and messages."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from typing import ClassVar, TypeVar

import rich
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from .errors import escaped

__all__ = ["duration", "progress_bar", "say", "tracked"]

Step = TypeVar("Step")

_LINE_SECONDS = 60.0
"""Between two lines of progress where there is no terminal."""


def say(text: str, style: str = "") -> None:
    """Print a message beside the progress, on stderr when the command line runs; nothing under `--quiet`.

    Names stand in messages, so nothing in the text is markup: `[small]` and `[/XS]` are shown as they are,
    and what a terminal would obey is escaped.

    Args:
        text: The message; line breaks are kept.
        style: Of all of it, as rich names styles ("red").
    """
    rich.get_console().print(Text(escaped(text, keep="\n"), style=style), soft_wrap=True)


def progress_bar() -> Progress:
    """Progress on rich's own console that leaves nothing behind.

    On a terminal it is a bar with count, rate and time left. Elsewhere the command line writes a line a
    minute; a library's user sees nothing.
    """
    console = rich.get_console()
    if not console.is_terminal:
        return _Lines(console)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True)


def tracked(steps: Sequence[Step], label: str) -> Iterator[Step]:
    """The steps, counted by a bar as they are taken.

    Example:
        >>> list(tracked([1, 2], "Counting"))
        [1, 2]
    """
    with progress_bar() as progress:
        yield from progress.track(steps, description=label)


def duration(seconds: float) -> str:
    """A time to wait, no finer than a person wants it.

    Example:
        >>> [duration(seconds) for seconds in (0.2, 59.4, 150, 7500)]
        ['1 s', '59 s', '3 min', '2 h 05 min']
    """
    if seconds < 59.5:
        return f"{max(1, round(seconds))} s"
    minutes = int(seconds / 60 + 0.5)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


class _Lines(Progress):
    """Progress without a terminal: what is not done, in a line a minute.

    The lines come from a thread, so that a step of many minutes is heard of, too. All bars of a process share
    one clock and one line, so that a row of short ones (an epoch each) is heard of as well.
    """

    _live: ClassVar[list[_Lines]] = []
    _lock: ClassVar[threading.Lock] = threading.Lock()
    _next: ClassVar[float | None] = None

    def __init__(self, console: Console) -> None:
        # Its estimate of the rate looks back far enough for steps of minutes.
        super().__init__(console=console, disable=True, speed_estimate_period=10 * _LINE_SECONDS)
        self._over = threading.Event()

    def start(self) -> None:
        """Begin to write; only where the console is stderr, for stdout belongs to answers."""
        super().start()
        if self.console.quiet or not self.console.stderr:
            return
        with _Lines._lock:
            _Lines._live.append(self)
            if _Lines._next is None:
                _Lines._next = time.monotonic() + _LINE_SECONDS
        threading.Thread(target=self._write, daemon=True).start()

    def stop(self) -> None:
        """Write no more."""
        self._over.set()
        with _Lines._lock:
            if self in _Lines._live:
                _Lines._live.remove(self)
        super().stop()

    def _write(self) -> None:
        while not self._over.wait(max(0.0, (_Lines._next or 0.0) - time.monotonic())):
            with _Lines._lock:
                if time.monotonic() < (_Lines._next or 0.0) or self._over.is_set():
                    continue  # another bar's thread was first
                _Lines._next = time.monotonic() + _LINE_SECONDS
                tasks = [task for bar in _Lines._live for task in bar.tasks if not task.finished]
                if tasks:
                    with contextlib.suppress(OSError):  # a full or closed stderr is no reason to stop
                        say("; ".join(map(_line, tasks)))


def _line(task: Task) -> str:
    """`Training: 37% (740 of 2,000), 4 min left`; without a total, how many there were."""
    if not task.total:
        return f"{task.description}: {task.completed:,.0f}"
    done = f"{task.description}: {task.percentage:.0f}% ({task.completed:,.0f} of {task.total:,.0f})"
    rate = task.speed or (task.completed / task.elapsed if task.elapsed else 0)
    return f"{done}, {duration((task.total - task.completed) / rate)} left" if rate else done


class _Rate(ProgressColumn):
    """Things a second."""

    def render(self, task: Task) -> Text:
        rate = task.speed or 0
        return Text(f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s", style="progress.data.speed")
