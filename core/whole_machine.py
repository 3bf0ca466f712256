"""This machine, which trials share and which what measures a run's costs takes whole.

Whoever works holds one lock together, whoever measures holds it alone. They come to it through a turnstile
that whoever measures keeps while it waits, so that those who work cannot for ever be relieved by others. The
system lets go of both when a process ends, however that may be.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from .cache import cache_folder
from .errors import Fault, InputError
from .progress import say

__all__ = ["shared_machine", "whole_machine"]


@contextmanager
def shared_machine() -> Iterator[None]:
    """Work beside others; costs that are measured, or wait to be, are waited for, and that is said."""
    with ExitStack() as held:
        with ExitStack() as passing:
            if _lock(passing, "turnstile", alone=False, waiting=_COSTS):
                _lock(held, "machine", alone=False, waiting=_COSTS)
        yield


@contextmanager
def whole_machine() -> Iterator[None]:
    """Measure with no trial of anybody beside who has the same cache; those that run are waited for.

    Raises:
        InputError: If the cache keeps no locks, as on some network folders: others may work beside.
    """
    with ExitStack() as held:
        locked = _lock(held, "turnstile", alone=True, waiting=_TRIALS)
        if not locked or not _lock(held, "machine", alone=True, waiting=_TRIALS):
            found = "no locks, so that other trials on this machine may run beside what is measured"
            fix = "name one by --cache or OUTFITBENCH_CACHE"
            raise InputError(
                Fault(f"cache {cache_folder()}", found, "a folder of this machine's own disk", fix)
            )
        yield


_COSTS = "waiting until costs are measured, which takes this machine whole"
_TRIALS = "waiting until other trials on this machine are over: costs take it whole"


def _lock(held: ExitStack, name: str, *, alone: bool, waiting: str) -> bool:
    """Lock a file of this machine's in the cache until the stack ends; whether that can be done."""
    if sys.platform == "win32":
        return False
    import fcntl

    kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
    try:
        folder = cache_folder() / "machines"
        folder.mkdir(parents=True, exist_ok=True)
        file = held.enter_context((folder / f"{socket.gethostname()}.{name}.lock").open("a+"))
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            say(waiting)
            fcntl.flock(file, kind)
    except (InputError, OSError):
        return False
    return True
