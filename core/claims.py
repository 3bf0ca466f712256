"""The right to work at a place, held by one process at a time, without file locks.

File locks fail on some network file systems, and marks that a crash leaves behind block for good. A claim
is a folder with one file in it, its owner's mark. The folder appears by a rename, whole and with its mark
in it: a rename takes the place of nothing or of an empty folder, never of one that holds somebody's mark,
and of several at once one succeeds. To take over from an owner that is gone, its mark is removed by its
name, which is nobody else's, so that whoever comes second cannot hit the first one's claim.

An owner on this machine is gone when its process is. One elsewhere touches its mark every
`_BEAT_SECONDS`, and is gone when it has not for `_LEASE_SECONDS`, by the clock of whoever watches: clocks
of machines may differ. One that comes back after that (a suspended machine) finds its mark missing, and
`lost` says so.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import socket
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

__all__ = ["Claim"]

_BEAT_SECONDS = 15.0
"""Between two signs of life."""

_LEASE_SECONDS = 150.0
"""Longer than network file systems keep what they know of a file (60 s), and busy machines are silent."""

_OTHERS_FIRST = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ESTALE)
"""What making a claim meets when another process takes the place, or removes the folder around it."""

_NOT_THERE = (errno.ENOENT, errno.ESTALE)
"""A network file system calls stale what another machine has removed since this one looked it up."""

_MARK = re.compile("[0-9a-f]{32}")


class Claim:
    """The right to work at one place. Not for several threads; each makes its own.

    Args:
        place: The folder that stands there while somebody holds it; its parent is made if need be.

    Example:
        >>> import tempfile
        >>> place = Path(tempfile.mkdtemp()) / "claim"
        >>> mine, other = Claim(place), Claim(place)
        >>> mine.take(), other.take(), other.holder() == f"process {os.getpid()} on {socket.gethostname()}"
        (True, False, True)
        >>> mine.release()
        >>> other.take(), place.exists()
        (True, True)
        >>> other.release()
        >>> place.exists()
        False
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._mark: Path | None = None
        self._over = threading.Event()
        self._lost = threading.Event()
        self._last_beat: tuple[str, int] | None = None
        self._since = 0.0

    def take(self) -> bool:
        """Claim the place if nobody is at it; one claim watches an owner elsewhere over several calls.

        Raises:
            OSError: If the folder around it cannot be made or written.
        """
        if not self.clear():
            return False
        token = uuid.uuid4().hex
        new = self._place.with_name(f".{self._place.name}.{token}")
        try:
            new.mkdir(parents=True)
            (new / token).write_text(json.dumps(_owner(os.getpid())), encoding="utf-8")
            new.rename(self._place)
        except OSError as error:
            # A network file system may call a failure what its server did, and asked again found done.
            if not (self._place / token).exists():
                shutil.rmtree(new, ignore_errors=True)
                if error.errno in _OTHERS_FIRST:
                    return False
                raise
        self._hold(self._place / token)
        for left in self._place.parent.glob(f".{self._place.name}.*"):
            if _MARK.fullmatch(left.suffix[1:]):  # of a process that was killed, or lost this race
                shutil.rmtree(left, ignore_errors=True)
        return True

    def clear(self) -> bool:
        """Whether nobody is at the place; what an owner left that is gone is removed.

        Raises:
            OSError: If what stands there is not a claim, or cannot be removed.
        """
        for mark in self._marks():
            if not self._is_gone(mark):
                return False
            with _missing_or():
                mark.unlink()
        with suppress(OSError):  # there is none, or another process has taken it by now
            self._place.rmdir()
        return True

    def release(self) -> None:
        """Let go of it; without effect where it is not held."""
        if self._mark is not None:
            self._over.set()
            with suppress(OSError):  # where it cannot be removed now, its process will be gone one day
                self._mark.unlink(missing_ok=True)
                self._place.rmdir()
            self._mark = None

    @property
    def lost(self) -> bool:
        """Whether another process took it from this one, which had not been heard of for long."""
        return self._lost.is_set()

    def holder(self) -> str:
        """Who is at it, for people."""
        for mark in self._marks():
            owner, _ = _read(mark)
            if owner:
                return f"process {owner['process']} on {owner['name']}"
        return "another process"

    def _hold(self, mark: Path) -> None:
        self._mark = mark
        self._over, self._lost = threading.Event(), threading.Event()
        threading.Thread(target=_beat, args=(mark, self._over, self._lost), daemon=True).start()

    def _marks(self) -> list[Path]:
        with _missing_or():
            return [mark for mark in self._place.iterdir() if _MARK.fullmatch(mark.name)]
        return []

    def _is_gone(self, mark: Path) -> bool:
        owner, beat = _read(mark)
        if beat is None:
            return True
        if owner and owner["host"] == _host():
            return owner != _owner(owner["process"])
        if self._last_beat != (mark.name, beat):
            self._last_beat, self._since = (mark.name, beat), time.monotonic()
        return time.monotonic() - self._since >= _LEASE_SECONDS


def _beat(mark: Path, over: threading.Event, lost: threading.Event) -> None:
    while not over.wait(_BEAT_SECONDS):
        try:
            os.utime(mark)
        except FileNotFoundError:
            lost.set()
            return
        except OSError:  # a server that does not answer just now
            continue


def _read(mark: Path) -> tuple[dict | None, int | None]:
    """The owner, None where a crash left no word of it; the last sign of life, None without a mark."""
    # Opening asks the server anew, where a listing may be of old.
    with _missing_or(), mark.open("rb") as file:
        text, beat = file.read(), os.fstat(file.fileno()).st_mtime_ns
        try:
            return json.loads(text), beat
        except ValueError:
            return None, beat
    return None, None


@contextmanager
def _missing_or() -> Iterator[None]:
    """Go on after what fails as a file is not there any more, and not after what fails otherwise."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NOT_THERE:
            raise


def _owner(process: int) -> dict[str, str | int | None]:
    """What tells a process from all others; of one that is no more, without its start."""
    name = socket.gethostname()
    return {"host": _host(), "name": name, "process": process, "started": _started(process)}


@cache
def _host() -> str:
    """What tells where process numbers mean the same: a container's are its own."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(parts)


def _started(process: int) -> str | None:
    """When a process was started, as the system counts; None where there is none, or what is left of one."""
    if sys.platform == "linux":
        try:
            fields = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            return None
        return None if fields[0] in (b"Z", b"X") else fields[19].decode()
    import psutil

    try:
        found = psutil.Process(process)
        return None if found.status() == psutil.STATUS_ZOMBIE else f"{found.create_time():.0f}"
    except psutil.Error:
        return None
