"""The registry of workloads."""

from __future__ import annotations

from ...core.registry import Registry
from .workload import Workload

__all__ = ["WORKLOADS", "check_workload", "default_workloads", "register_workload"]

_ROOM = __name__.rpartition(".")[0]

WORKLOADS: Registry[type[Workload]] = Registry(
    "workload",
    *(f"{_ROOM}.{name}" for name in ("start", "request", "batch", "encode", "recommend")),
)
"""Workloads by name."""

register_workload = WORKLOADS.register
"""Decorator that enters a subclass of `Workload` under a name."""


def check_workload(name: str, where: str = "argument workload") -> type[Workload]:
    """The workload of a name.

    Args:
        name: One of `WORKLOADS`.
        where: The file and key, or the argument, for the message.

    Raises:
        InputError: For an unknown name; the nearest are told.
    """
    return WORKLOADS.get(name, where)


def default_workloads(*, dataset: bool) -> list[str]:
    """All of ours in the order of a report; without a dataset those that need none."""
    ours = ["start", "request", "batch", "encode", "recommend"]
    return [name for name in ours if dataset or not WORKLOADS.get(name).needs_dataset]
