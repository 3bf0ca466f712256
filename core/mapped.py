"""Arrays that are mapped from files."""

from __future__ import annotations

import mmap
from typing import Any

from numpy.typing import NDArray

__all__ = ["let_go"]


def let_go(array: NDArray[Any]) -> None:
    """Give back the memory in which what was read or written of an array's file is held for this process.

    It counts as the process's own, as long as nothing else asks for it: who goes through a file that is
    larger than what may be held lets go of it block by block. Nothing is lost; what is looked at again is
    read again.

    Args:
        array: Mapped from a file, or a part of one; of any other nothing happens.
    """
    mapped = getattr(array, "_mmap", None)
    if mapped is not None and hasattr(mapped, "madvise"):  # not on Windows, which lets go by itself
        mapped.madvise(mmap.MADV_DONTNEED)
