"""The cache: derived files, keyed by content, safe to delete and to share between processes."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
from filelock import FileLock

from .errors import Fault, InputError

__all__ = ["atomic_file", "cache_folder", "locked"]

_FULL = {errno.ENOSPC, errno.EDQUOT}


def cache_folder() -> Path:
    """The folder for what is derived: `OUTFITBENCH_CACHE` where it is set, else the platform's own place."""
    chosen = os.environ.get("OUTFITBENCH_CACHE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("outfitbench")


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Write a file whole or not at all.

    Gives a temporary path beside `path` to write to. When the block ends it takes the place of `path` in one
    step; when the block fails it is removed, and what stood at `path` before still stands.

    Args:
        path: The file to write; its folder is made if need be.

    Raises:
        InputError: If the disk is full.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "answer.txt"
        >>> with atomic_file(target) as part:
        ...     written = part.write_text("42")
        >>> target.read_text(), [file.name for file in target.parent.iterdir()]
        ('42', ['answer.txt'])
    """
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())  # or a power cut could leave the new name on blocks never written
        part.replace(path)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise InputError(
            Fault(path, "a full disk", "room to write it", "free some space or move the cache (--cache)")
        ) from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the right to write `path` against other processes; a process that dies lets go of it.

    What `atomic_file` left beside `path` in a process killed while it held this lock is swept away.

    Args:
        path: The file to be written, which need not exist. The lock is the file `<path>.lock` beside it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f"{path.name}.lock")):
        for left in path.parent.glob(f".{path.name}.*.part"):
            left.unlink(missing_ok=True)
        yield
