"""Hashes of files, remembered for as long as the files do not change."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

import numpy as np

from ...core.errors import Fault, InputError
from ...core.files import locked
from ...core.parallel import map_on_all_cores
from ..array_files import read_arrays, write_arrays
from .source import brief

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["file_digests"]

_DIGEST_SIZE = 16

_SETTLED_NS = 2_000_000_000
"""A file younger than this may change again within one tick of its clock (two seconds on FAT)."""


def file_digests(paths: Sequence[Path], cache: Path) -> NDArray[np.uint8]:
    """Hash of each file's bytes; a file of unchanged path, size and modification time is not read again.

    What is remembered is one file for each list of paths, so that the second call costs one `stat` a path.

    Args:
        paths: The files.
        cache: Folder in which the hashes are remembered.

    Returns:
        uint8 (n, 16).

    Raises:
        InputError: If a file is missing or cannot be read.
    """
    memory = cache / "digests" / f"{_list_key(paths)}.npz"
    stamps = np.array([_stamp(path) for path in paths], dtype=np.int64).reshape(-1, 2)
    remembered, digests = _recall(memory, len(paths))
    stale = np.flatnonzero((stamps != remembered).any(axis=1)).tolist()
    if stale:
        started = time.time_ns()
        fresh = map_on_all_cores(lambda number: _digest(paths[stale[number]]), len(stale), "Hashing files")
        for row, digest in zip(stale, fresh, strict=True):
            digests[row] = np.frombuffer(digest, dtype=np.uint8)
        stamps[stamps[:, 1] > started - _SETTLED_NS] = -1
        with locked(memory):
            write_arrays(memory, {"stamps": stamps, "digests": digests})
    return digests


def _list_key(paths: Sequence[Path]) -> str:
    joined = "\0".join(str(path.absolute()) for path in paths)
    return hashlib.blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except (OSError, ValueError) as error:  # a ValueError for a name that no file can have
        raise _unreadable(path, error) from error
    return status.st_size, status.st_mtime_ns


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=_DIGEST_SIZE)).digest()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError | ValueError) -> InputError:
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return InputError(Fault(brief(str(path)), reason, "a readable file"))


def _recall(memory: Path, count: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Stamps (count, 2) and digests (count, 16) as remembered; stamps that fit no file where nothing is."""
    remembered = read_arrays(memory, "stamps", "digests")
    if remembered is None:
        return np.full((count, 2), -1, np.int64), np.zeros((count, _DIGEST_SIZE), np.uint8)
    stamps, digests = remembered
    return stamps, digests
