"""The image store: every image decoded once into one memory-mapped array."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import rich
from numpy.typing import NDArray
from rich.progress import track

from ..cache import atomic_file, locked
from .decode import DECODER_VERSION, decode
from .source import ImageSource

__all__ = ["open_store"]


def open_store(source: ImageSource, size: int, cache: Path) -> NDArray[np.uint8]:
    """All images of a source at one size, decoded on first use.

    Args:
        source: The encoded images.
        size: Height and width in pixels.
        cache: Folder under which the store lies.

    Returns:
        Memory-mapped and read-only, uint8 (n, size, size, 3).

    Raises:
        InputError: If an image is missing or broken, or the disk is full; nothing half-written stays.
    """
    path = cache / "images" / f"{source.content_key()}-{size}px-v{DECODER_VERSION}.npy"
    shape = (len(source.names), size, size, 3)
    store = _open_whole(path, shape)
    if store is None:
        with locked(path):
            store = _open_whole(path, shape)
            if store is None:
                _build(path, shape, source)
                store = np.load(path, mmap_mode="r")
    return store


def _open_whole(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    """The store, or None where there is none of that shape."""
    try:
        store = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return None
    return store if store.shape == shape and store.dtype == np.uint8 else None


def _build(path: Path, shape: tuple[int, ...], source: ImageSource) -> None:
    """Decode in parallel and write in order.

    Written as a stream, not through a memory map: on a full disk a map answers with SIGBUS, a write with an error.
    """
    names, size = source.names, shape[1]

    def decoded(index: int) -> NDArray[np.uint8]:
        return decode(source.read(index), names[index], size)

    with atomic_file(path) as part, part.open("wb") as file, ThreadPoolExecutor(os.cpu_count()) as pool:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        images = pool.map(decoded, range(shape[0]))
        for image in track(
            images, "Decoding images", total=shape[0], console=rich.get_console(), transient=True
        ):
            file.write(image.tobytes())
