"""Files and folders that appear whole or not at all, and the right to write them."""

from __future__ import annotations

import errno
import glob
import math
import os
import shutil
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import rich
from rich.text import Text

from .claims import Claim
from .errors import Fault, InputError
from .names import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["atomic_file", "atomic_folder", "locked", "made_once", "replacing_folder", "sweep"]

Found = TypeVar("Found")

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)

_POLL_SECONDS = 0.05
_QUIET_SECONDS = 1.0
"""Of waiting for another process before that is said."""


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Write a file whole or not at all.

    Gives a temporary path beside `path` to write to. When the block ends, that file takes the place of `path`
    in one step; when the block fails it is removed, and what stood at `path` before still stands.

    Args:
        path: The file to write; its folder is made if need be.

    Raises:
        InputError: If the disk is full or the folder cannot be written.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "answer.txt"
        >>> with atomic_file(target) as part:
        ...     written = part.write_text("42")
        >>> target.read_text(), [file.name for file in target.parent.iterdir()]
        ('42', ['answer.txt'])
    """
    with _part(path) as part:
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())  # or a power cut could leave the new name on blocks never written
        part.replace(path)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Write a folder whole or not at all.

    As `atomic_file`, but gives a new folder to write into. A folder that stands at `path` (a broken one) is
    moved out of the way first, so that for a moment nothing stands there.

    Args:
        path: The folder to write; its parent is made if need be.

    Raises:
        InputError: If the disk is full or the parent cannot be written.
    """
    with _part(path) as part, _part(path) as old:
        part.mkdir()
        yield part
        if path.exists():
            path.rename(old)
        part.rename(path)


@contextmanager
def replacing_folder(out: Path, marker: str) -> Iterator[Path]:
    """As `atomic_folder`, for a folder that a person named: what is not ours is never replaced.

    Args:
        out: The folder to write. What stands there is replaced if it is empty or one of ours.
        marker: A file that every folder of ours holds.

    Raises:
        InputError: If `out` is a file or somebody else's folder, this process runs in it, its parent cannot
            be written, or the disk is full.
    """
    whole = out.resolve()  # `.` has no name to put another beside, and of a link its target is replaced
    if whole.exists() and not _is_ours(whole, marker):
        raise InputError(
            Fault(out, "something else", f"no folder, or one that holds {marker}", "choose another")
        )
    if _stands_in(whole):
        raise InputError(Fault(out, "the folder this command runs in", "another folder", "choose another"))
    with atomic_folder(whole) as filling:
        yield filling


def _stands_in(folder: Path) -> bool:
    try:
        return Path.cwd().is_relative_to(folder)
    except OSError:  # the current folder was removed
        return False


def _is_ours(out: Path, marker: str) -> bool:
    return out.is_dir() and ((out / marker).is_file() or not any(out.iterdir()))


@contextmanager
def _part(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, gone at the end unless it was renamed."""
    _make_folder(path.parent)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        yield part
    except OSError as error:
        if error.errno in _FULL:
            fix = "free some space or write elsewhere"
            raise InputError(Fault(path, "a full disk", "room to write it", fix)) from error
        if error.errno in _FORBIDDEN and str(error.filename).startswith(str(part)):
            raise _unwritable(path.parent, error) from error
        raise
    finally:
        _remove(part)


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part)
    else:
        part.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the right to write `path` against other processes; one that dies loses it.

    What `atomic_file` or `atomic_folder` left beside `path` in a process that was killed is swept away, so
    every writer of that path should hold it.

    Args:
        path: The file to be written, which need not exist. `<path>.claim` stands beside it meanwhile.

    Raises:
        InputError: If the folder cannot be written.
    """
    _make_folder(path.parent)
    claim = Claim(path.with_name(f"{path.name}.claim"))
    try:
        if not _taken_within(_QUIET_SECONDS, claim):
            with _saying(f"Waiting for another process to write {shown(path.name)}"):
                _taken_within(math.inf, claim)
    except OSError as error:
        raise _unwritable(path.parent, error) from error
    try:
        sweep(path.parent, path.name)
        yield
    finally:
        claim.release()


def _taken_within(seconds: float, claim: Claim) -> bool:
    end = time.monotonic() + seconds
    while not claim.take():
        if time.monotonic() > end:
            return False
        time.sleep(_POLL_SECONDS)
    return True


@contextmanager
def _saying(message: str) -> Iterator[None]:
    """Show a message while something lasts: on a terminal until it is over, elsewhere as one line."""
    console = rich.get_console()
    if console.is_terminal:
        with console.status(Text(message)):
            yield
    else:
        console.print(Text(message), soft_wrap=True)
        yield


def sweep(folder: Path, name: str | None = None) -> None:
    """Remove what `atomic_file` and `atomic_folder` left in a folder when their process was killed.

    Args:
        folder: Where nobody else is writing just now.
        name: Only what was to become this file; None for all.
    """
    for left in folder.glob(f".{'*' if name is None else glob.escape(name)}.*.part"):
        _remove(left)


def made_once(path: Path, read: Callable[[], Found | None], make: Callable[[], Found]) -> Found:
    """What `read` finds at `path`; where it finds nothing sound, `make` makes it, in one process only.

    Args:
        path: The file that both are about.
        read: Gives None when the file is missing or broken.
        make: Writes the file, with `atomic_file`, and gives what `read` would find.

    Raises:
        InputError: If the folder cannot be written.
    """
    found = read()
    if found is not None:
        return found
    with locked(path):
        found = read()  # another process may have made it while this one waited
        return make() if found is None else found


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> InputError:
    reason = "a full disk" if error.errno in _FULL else (error.strerror or str(error)).lower()
    return InputError(
        Fault(folder, reason, "a folder that can be written", "name another with --cache or --out")
    )
