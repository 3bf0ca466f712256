"""What the schedule asks of an executor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ...core.registry import Registry
from ..attempt import Ended
from ..errand import Errand
from ..trial import Trial

__all__ = ["EXECUTORS", "Executor", "create_executor", "register_executor"]


class Executor(Protocol):
    """Carries trials to where they run; it knows of no order and no dependence."""

    @property
    def jobs(self) -> int:
        """How many trials run side by side."""
        ...

    def has_room(self) -> bool:
        """Whether another trial can begin now."""
        ...

    def share(self, trial: Trial[Any]) -> float:
        """The part of the executor, between 0 and 1, that a trial takes while it runs."""
        ...

    def get_ready(self, trials: int) -> None:
        """Called once, some time before the first of so many trials begins."""
        ...

    def begin(self, trial: Trial[Any], number: str) -> None:
        """Begin a trial whose inputs are finished.

        Args:
            trial: What to run.
            number: What to say before its label.
        """
        ...

    def ended(self, seconds: float) -> dict[str, Ended]:
        """How trials ended that were begun, by hash, each once.

        Args:
            seconds: How long to wait for one, if there is none yet.
        """
        ...

    def close(self) -> None:
        """End all that still runs."""
        ...


Factory = Callable[[Errand, "int | None", str], Executor]
"""Makes an executor for an errand, a number of jobs (None for the executor's own) and an address.

An errand whose device is "auto" leaves it to the executor, which gives its processes an errand that says.
"""

EXECUTORS: Registry[Factory] = Registry("executor", "outfitbench.suites.executors")
"""What makes executors, by name."""

register_executor = EXECUTORS.register
"""Decorator that enters a function that makes an executor."""


def create_executor(on: str, errand: Errand, jobs: int | None = None) -> Executor:
    """The executor that a name, or an address `NAME://…`, stands for.

    Raises:
        InputError: If there is none of that name, or it cannot be had.
    """
    return EXECUTORS.get(on.partition("://")[0], "argument --on")(errand, jobs, on if "://" in on else "")
