"""The registry of workloads."""

from __future__ import annotations

from ...core.registry import Registry
from .workload import Workload

__all__ = ["DEFAULT_WORKLOADS", "WORKLOADS", "check_workload", "default_workloads", "register_workload"]

WORKLOADS: Registry[type[Workload]] = Registry("workload", __name__.rpartition(".")[0])
"""Workloads by name."""

register_workload = WORKLOADS.register
"""Decorator that enters a subclass of `Workload` under a name."""

DEFAULT_WORKLOADS = ("start", "request", "request-features", "batch", "encode", "recommend")
"""What is measured where none is named, a request from images and from cached features among it."""


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
    """Those of ours that are measured where none is named; without a dataset those that need none."""
    return [name for name in DEFAULT_WORKLOADS if dataset or not WORKLOADS.get(name).needs_dataset]
