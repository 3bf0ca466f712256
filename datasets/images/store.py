"""The image store: every image decoded once, into one memory-mapped array."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ..cache import atomic_file, made_once
from ..errors import Fault, InputError
from ..parallel import map_on_all_cores
from .decode import DECODER_VERSION, decode

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from .source import ImageSource

__all__ = ["open_store"]


def open_store(source: ImageSource, size: int, cache: Path) -> NDArray[np.uint8]:
    """All images of a source at one size, decoded on first use.

    The store is a `.npy` file named after the images' content, the size and the decoder's version. Of several
    processes that want the same one, the first builds it and the others wait for it.

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
    path = cache / "images" / f"{source.content_key()}-{size}px-v{DECODER_VERSION}.npy"
    shape = (len(source.names), size, size, 3)

    def build() -> NDArray[np.uint8]:
        _build(path, shape, source)
        return np.load(path, mmap_mode="r")

    return made_once(path, lambda: _map(path, shape), build)


def _map(path: Path, shape: tuple[int, int, int, int]) -> NDArray[np.uint8] | None:
    """The store, or None where there is none of that shape (numpy refuses one cut short)."""
    try:
        store = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return None
    return store if store.shape == shape and store.dtype == np.uint8 else None


def _build(path: Path, shape: tuple[int, int, int, int], source: ImageSource) -> None:
    """Decode in parallel, write in order.

    The file is written as a stream: on a full disk a write fails with an error, a memory map with a signal
    that ends the process.
    """
    names, size = source.names, shape[1]

    def decode_one(index: int) -> NDArray[np.uint8]:
        return decode(source.read(index), names[index], size)

    with warnings.catch_warnings(), atomic_file(path) as part, part.open("wb") as file:
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # decode() has the stricter limit
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for image in map_on_all_cores(decode_one, len(names), "Decoding images"):
            file.write(image.tobytes())
