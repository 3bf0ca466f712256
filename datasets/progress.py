"""The progress bar of everything that takes longer than two seconds: count, rate and time left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import rich
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

__all__ = ["progress_bar", "tracked"]

Step = TypeVar("Step")


def progress_bar() -> Progress:
    """A bar on rich's own console that leaves nothing behind; shown on a terminal only."""
    console = rich.get_console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def tracked(steps: Sequence[Step], label: str) -> Iterator[Step]:
    """The steps, counted by a bar as they are taken.

    Example:
        >>> list(tracked([1, 2], "Counting"))
        [1, 2]
    """
    with progress_bar() as progress:
        yield from progress.track(steps, description=label)


class _Rate(ProgressColumn):
    """Things a second."""

    def render(self, task: Task) -> Text:
        rate = task.speed or 0
        return Text(f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s", style="progress.data.speed")
