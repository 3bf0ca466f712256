"""Scratch folders that do not outlive their process, however it ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["scratch_folder"]

_PREFIX = "outfitbench-"


@contextmanager
def scratch_folder(home: Path | None = None) -> Iterator[Path]:
    """A folder named with the process's id, gone at the end, also at the end of a process that is killed.

    A shell waits for that end and takes the folder away. Should both be killed, the next who asks does, among
    the system's temporary files: a lock beside each folder there says that its process lives. Ids are taken
    again, and processes in containers that share these files have ids of their own.

    Args:
        home: Where it lies, hidden and without a lock, which not every file system has; None for the system's
            folder for temporary files.

    Raises:
        OSError: If that cannot be written.

    Example:
        >>> with scratch_folder() as folder:
        ...     (folder / "part").write_text("x"), str(os.getpid()) in folder.name
        (1, True)
        >>> folder.exists()
        False
    """
    name = f"{_PREFIX}{os.getpid()}-{uuid.uuid4().hex[:8]}"
    if home is not None:
        with _folder(home / f".{name}") as folder:
            yield folder
        return
    home = Path(tempfile.gettempdir())
    _sweep(home)
    with FileLock(home / f"{name}.lock") as lock:
        beside = Path(lock.lock_file)
        try:
            with _folder(home / name, beside) as folder:
                yield folder
        finally:
            beside.unlink(missing_ok=True)


@contextmanager
def _folder(folder: Path, *beside: Path) -> Iterator[Path]:
    """A new folder, gone at the end; what lies beside it goes with it if the process is killed."""
    folder.mkdir(mode=0o700)
    try:
        with _swept_after_us(folder, *beside):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _swept_after_us(*paths: Path) -> Iterator[None]:
    """Paths that go when this process ends inside: a pipe to a shell tells it."""
    command = ["/bin/sh", "-c", 'cat >/dev/null; rm -rf -- "$@"', "sh", *map(str, paths)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as shell:  # noqa: S603
        try:
            yield
        finally:
            shell.kill()


def _sweep(home: Path) -> None:
    for path in home.glob(f"{_PREFIX}*.lock"):
        try:
            with FileLock(path, timeout=0):
                shutil.rmtree(path.with_suffix(""), ignore_errors=True)
                path.unlink(missing_ok=True)
        except (Timeout, OSError):  # its process lives, or is another user's
            continue
