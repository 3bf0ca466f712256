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
def scratch_folder() -> Iterator[Path]:
    """A folder named with the process's id, gone at the end, also at the end of a process that is killed.

    A shell waits for that end and takes the folder away. Should both be killed, the next who asks does: a
    lock beside each folder says that its process lives. Ids are taken again, and processes in containers that
    share the folder for temporary files have ids of their own.

    Raises:
        OSError: If the system's folder for temporary files cannot be written.

    Example:
        >>> with scratch_folder() as folder:
        ...     (folder / "part").write_text("x"), str(os.getpid()) in folder.name
        (1, True)
        >>> folder.exists()
        False
    """
    home = Path(tempfile.gettempdir())
    _sweep(home)
    folder = home / f"{_PREFIX}{os.getpid()}-{uuid.uuid4().hex[:8]}"
    with FileLock(folder.with_suffix(".lock")) as lock:
        folder.mkdir(mode=0o700)
        try:
            with _swept_after_us(folder, Path(lock.lock_file)):
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            Path(lock.lock_file).unlink(missing_ok=True)


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
