"""Hashes of files, remembered for as long as the files do not change."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import rich
from numpy.typing import NDArray
from rich.progress import track

from ..cache import atomic_file
from ..errors import Fault, InputError

__all__ = ["file_digests"]

_DIGEST_SIZE = 16


def file_digests(paths: Sequence[Path], cache: Path) -> NDArray[np.uint8]:
    """Hash of each file's bytes; a file of the same path, size and time of change is not read again.

    Args:
        paths: The files.
        cache: Folder in which the hashes are remembered.

    Returns:
        uint8 (n, 16).

    Raises:
        InputError: If a file is missing or cannot be read.
    """
    stamps = np.array([_stamp(path) for path in paths], dtype=np.int64).reshape(-1, 2)
    memory = cache / "digests" / f"{_name_of(paths)}.npz"
    known_stamps, digests = _recall(memory, len(paths))
    stale = np.flatnonzero((stamps != known_stamps).any(axis=1))
    if len(stale):
        with ThreadPoolExecutor() as pool:
            fresh = pool.map(_digest, [paths[row] for row in stale])
            shown = track(
                fresh, "Hashing files", total=len(stale), console=rich.get_console(), transient=True
            )
            for row, digest in zip(stale, shown, strict=True):
                digests[row] = np.frombuffer(digest, dtype=np.uint8)
        with atomic_file(memory) as part, part.open("wb") as file:
            np.savez(file, stamps=stamps, digests=digests)
    return digests


def _name_of(paths: Sequence[Path]) -> str:
    joined = "\0".join(str(path.absolute()) for path in paths)
    return hashlib.blake2b(joined.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    return status.st_size, status.st_mtime_ns


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=_DIGEST_SIZE)).digest()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError(Fault(path, (error.strerror or str(error)).lower(), "a readable file"))


def _recall(memory: Path, count: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Stamps and digests as last remembered; stamps that fit no file where nothing sound is."""
    try:
        with np.load(memory, allow_pickle=False) as stored:
            stamps, digests = stored["stamps"], stored["digests"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        stamps = digests = np.empty(0)
    if stamps.shape == (count, 2) and digests.shape == (count, _DIGEST_SIZE):
        return stamps, digests
    return np.full((count, 2), -1, dtype=np.int64), np.zeros((count, _DIGEST_SIZE), dtype=np.uint8)
