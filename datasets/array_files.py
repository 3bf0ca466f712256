"""Named arrays in a file of the cache."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.files import atomic_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["read_arrays", "write_arrays"]

_BROKEN = (ValueError, LookupError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What zipfile and numpy raise on broken files (a RuntimeError where a flipped bit says "encrypted")."""


def write_arrays(path: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write arrays as an uncompressed `.npz`, whole or not at all.

    Raises:
        InputError: If the disk is full or the folder cannot be written.
    """
    with atomic_file(path) as part, part.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_arrays(path: Path, *names: str) -> list[NDArray[Any]] | None:
    """The arrays of these names, or None where the file is missing or broken (its checksums tell)."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return [stored[name] for name in names]
    except (OSError, *_BROKEN):
        return None
