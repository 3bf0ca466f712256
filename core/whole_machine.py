"""This machine, which trials share and which what measures costs takes whole.

Whoever works holds one lock together, whoever measures holds it alone; the system lets go of it when a
process ends, however that may be.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from .cache import cache_folder
from .errors import InputError
from .progress import say

__all__ = ["shared_machine", "whole_machine"]


@contextmanager
def shared_machine() -> Iterator[None]:
    """Work beside others; what is measured alone is waited for, and that is said."""
    with _held(alone=False, waiting="waiting until costs are measured, which takes this machine whole"):
        yield


@contextmanager
def whole_machine() -> Iterator[None]:
    """Measure with no trial of anybody beside; those that run are waited for, and that is said.

    Trials of other users, and of a cache that is not on this machine's disk where such a disk keeps no locks,
    are not known of: where they take the processor, what is measured says so by its flags.
    """
    with _held(
        alone=True, waiting="waiting until other trials on this machine are over: costs take it whole"
    ):
        yield


@contextmanager
def _held(*, alone: bool, waiting: str) -> Iterator[None]:
    with ExitStack() as closing:
        with suppress(InputError, OSError):  # without a cache, or where it keeps no locks
            file = closing.enter_context(_lock_file().open("a"))
            if sys.platform != "win32":
                import fcntl

                kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
                try:
                    fcntl.flock(file, kind | fcntl.LOCK_NB)
                except BlockingIOError:
                    say(waiting)
                    fcntl.flock(file, kind)
        yield


def _lock_file() -> Path:
    folder = cache_folder() / "machines"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{socket.gethostname()}.lock"
