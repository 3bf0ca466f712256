"""What a process on a machine of a Ray cluster does first: it holds our package against the caller's."""

from __future__ import annotations

import socket
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .allocator import keep_freed_memory
from .errors import InputError

__all__ = ["Told", "answer", "entrance"]

Told = tuple[str, str, str, str]
"""The parts of a fault, which can be read where our package is not."""


def entrance() -> Callable[..., tuple[str, Told | None, Any]]:
    """What such a process calls: it says where that is, and why a function gave nothing, or what it gave.

    It travels as it is, and takes and gives what is plain, so that it runs where our package is another, or
    is not.

    Example:
        >>> machine, refused, given = entrance()("0.0.1", "outfitbench.core.names:shown", "top")
        >>> refused[2:], given
        (("version 0.0.1, the caller's", 'install the same everywhere'), None)
    """

    def enter(expected: str, function: str, *given: Any) -> tuple[str, Told | None, Any]:  # noqa: ANN401
        node = socket.gethostname()
        try:
            found = f"version {version('outfitbench')}"
        except PackageNotFoundError:
            found = "none"
        if found != f"version {expected}":
            wanted = f"version {expected}, the caller's"
            return node, ("outfitbench", found, wanted, "install the same everywhere"), None
        return node, *import_module("outfitbench.core.ray_task").answer(function, *given)

    return enter


def answer(function: str, *given: Any) -> tuple[Told | None, Any]:  # noqa: ANN401
    """Call a function of ours.

    Args:
        function: Its module and its name.
        given: Its arguments.

    Returns:
        What is wrong with an input of it, None where nothing is; and what it gives.

    Example:
        >>> answer("outfitbench.core.names:shown", "top")
        (None, "'top'")
    """
    keep_freed_memory()
    module, _, name = function.partition(":")
    try:
        return None, getattr(import_module(module), name)(*given)
    except InputError as error:
        fault = error.fault
        return (str(fault.where), fault.found, fault.expected, fault.fix), None
