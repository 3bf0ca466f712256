"""Folders that are written whole or not at all."""

from __future__ import annotations

import errno
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import Fault, InputError

__all__ = ["atomic_folder"]

_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Write a folder whole or not at all; for use inside `locked(path)`.

    Gives an empty temporary folder beside `path` to fill. When the block ends it takes the place of `path`;
    when the block fails it is removed. What a killed process left is swept away first.

    Args:
        path: The folder to write; one that stands there is replaced.

    Raises:
        InputError: If the disk is full.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "answers"
        >>> with atomic_folder(target) as part:
        ...     written = (part / "first.txt").write_text("42")
        >>> [file.name for file in target.iterdir()], [folder.name for folder in target.parent.iterdir()]
        (['first.txt'], ['answers'])
    """
    for left in path.parent.glob(f".{path.name}.*.making"):
        shutil.rmtree(left, ignore_errors=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.making")
    try:
        part.mkdir(parents=True)
        yield part
        if path.exists():
            shutil.rmtree(path)
        part.replace(path)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        fix = "free some space or move the cache (--cache)"
        raise InputError(Fault(path, "a full disk", "room to write it", fix)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
