"""The image store: every image decoded once, into one memory-mapped array with a checksum for each block."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...core.checked_array import CheckedArray
from ...core.errors import Fault, InputError
from ...core.files import locked
from ...core.parallel import map_on_all_cores
from .decode import DECODER_VERSION, decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .source import ImageSource

__all__ = ["check_stores", "open_store"]


def open_store(source: ImageSource, size: int, cache: Path) -> NDArray[np.uint8]:
    """All images of a source at one size, decoded on first use.

    The store is a `CheckedArray` named after the images' content, the size and the decoder's version. On
    opening, some of its blocks are held against their checksums (`check_stores` holds all): what is broken is
    made again. Of several processes that want the same store, the first builds it and the others wait for it.

    Args:
        source: The encoded images.
        size: Height and width in pixels.
        cache: Folder under which the store lies.

    Returns:
        Memory-mapped and read-only, uint8 (n, size, size, 3).

    Raises:
        InputError: If an image is missing or broken, or the disk is full; nothing half-written stays.
    """
    if size < 1:
        raise InputError(Fault("argument size", str(size), "1 pixel or more"))
    store = _store(cache / "images" / f"{_stem(source)}{size}{_ending()}", source, size)
    return store.made_once(lambda: _decoded(source, size))


def check_stores(source: ImageSource, cache: Path) -> list[Fault]:
    """Hold every byte of a source's stores, of all sizes, against its checksum.

    A broken store is removed: it is made again when it is next wanted.

    Args:
        source: The encoded images.
        cache: Folder under which the stores lie.

    Returns:
        A fault for each store that was broken.
    """
    faults = []
    for path in sorted((cache / "images").glob(f"{_stem(source)}*{_ending()}")):
        size = path.name.removeprefix(_stem(source)).removesuffix(_ending())
        side = int(size) if size.isdigit() else 0
        with locked(path):
            reason = _store(path, source, side).fault()
            if reason:
                path.unlink(missing_ok=True)
                fix = "removed; it is made again when it is next used"
                faults.append(Fault(path, reason, "the decoded images as they were written", fix))
    return faults


def _stem(source: ImageSource) -> str:
    return f"{source.content_key()}-"


def _ending() -> str:
    return f"px-v{DECODER_VERSION}.npy"


def _store(path: Path, source: ImageSource, size: int) -> CheckedArray:
    return CheckedArray(path, (len(source.names), size, size, 3), np.dtype(np.uint8))


def _decoded(source: ImageSource, size: int) -> Iterator[NDArray[np.uint8]]:
    """The images in order, decoded in parallel."""
    names = source.names

    def decode_one(index: int) -> NDArray[np.uint8]:
        return decode(source.read(index), names[index], size)

    return map_on_all_cores(decode_one, len(names), "Decoding images")
