"""The image store: every image decoded once, into one memory-mapped array with a checksum for each block."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...core.errors import Fault, InputError
from ...core.files import atomic_file, locked, made_once
from ...core.parallel import map_on_all_cores
from .decode import DECODER_VERSION, decode

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

    from .source import ImageSource

__all__ = ["check_stores", "open_store"]

_BLOCK = 1 << 20
"""Bytes that one checksum is for."""

_SAMPLED = 12
"""Blocks that are looked at when a store is opened: the first, the last, and others by chance."""

_sound: set[tuple[str, int, int, int]] = set()
"""Stores that this process has looked at, with their size and times: each is looked at once."""


def open_store(source: ImageSource, size: int, cache: Path) -> NDArray[np.uint8]:
    """All images of a source at one size, decoded on first use.

    The store is a `.npy` file named after the images' content, the size and the decoder's version; behind the
    array stands a CRC-32 for each of its blocks. On opening, the length and some blocks are held against them
    (`check_stores` holds all): what is broken is made again. Of several processes that want the same store,
    the first builds it and the others wait for it.

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
    path = cache / "images" / f"{_stem(source)}{size}{_ending()}"
    shape = (len(source.names), size, size, 3)

    def build() -> NDArray[np.uint8]:
        _build(path, shape, source)
        return np.load(path, mmap_mode="r")

    return made_once(path, lambda: _map(path, shape), build)


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
            reason = _wrong_with(path, (len(source.names), side, side, 3), sampled=False)
            if reason:
                path.unlink(missing_ok=True)
                fix = "removed; it is made again when it is next used"
                faults.append(Fault(path, reason, "the decoded images as they were written", fix))
    return faults


def _stem(source: ImageSource) -> str:
    return f"{source.content_key()}-"


def _ending() -> str:
    return f"px-v{DECODER_VERSION}.npy"


def _map(path: Path, shape: tuple[int, int, int, int]) -> NDArray[np.uint8] | None:
    """The store, or None where there is none, or a broken one."""
    try:
        status = path.stat()
        known = (str(path), status.st_size, status.st_mtime_ns, status.st_ino)
        if known not in _sound and _wrong_with(path, shape, sampled=True):
            return None
        _sound.add(known)
        return np.load(path, mmap_mode="r")
    except OSError:
        return None


@dataclass(frozen=True)
class _Extent:
    """Where a store's pixels lie in its file, and its checksums after them.

    Attributes:
        start: Byte of the first pixel.
        length: Bytes of all pixels.
    """

    start: int
    length: int

    @property
    def blocks(self) -> int:
        """Number of blocks, and of checksums."""
        return -(-self.length // _BLOCK)

    def block(self, file: BinaryIO, number: int) -> bytes:
        """The bytes of one block."""
        file.seek(self.start + number * _BLOCK)
        return file.read(min(_BLOCK, self.length - number * _BLOCK))

    def sums(self, file: BinaryIO) -> NDArray[np.uint32]:
        """The checksums as they are written."""
        file.seek(self.start + self.length)
        return np.frombuffer(file.read(), "<u4")


def _wrong_with(path: Path, shape: tuple[int, int, int, int], *, sampled: bool) -> str:
    """What is wrong with a store, empty if nothing is.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open("rb") as file:
        try:
            np.lib.format.read_magic(file)
            found = np.lib.format.read_array_header_1_0(file)
        except (ValueError, EOFError):
            return "no array"
        if found != (shape, False, np.dtype(np.uint8)):
            return "an array of another kind"
        extent = _Extent(file.tell(), int(np.prod(shape)))
        if path.stat().st_size != extent.start + extent.length + 4 * extent.blocks:
            return "a file cut short, or too long"
        sums = extent.sums(file)
        for number in _some(extent.blocks) if sampled else range(extent.blocks):
            if zlib.crc32(extent.block(file, number)) != sums[number]:
                first = number * _BLOCK // int(np.prod(shape[1:]))
                return f"other bytes than were written, at image {first} or a little after"
    return ""


def _some(count: int) -> list[int]:
    """All of a few blocks; of many the first, the last, and some by chance, others each time."""
    if count <= _SAMPLED:
        return list(range(count))
    return sorted({0, count - 1, *random.sample(range(count), _SAMPLED - 2)})


def _build(path: Path, shape: tuple[int, int, int, int], source: ImageSource) -> None:
    """Decode in parallel, write in order.

    The file is written as a stream: on a full disk a write fails with an error, a memory map with a signal
    that ends the process.
    """
    names, size = source.names, shape[1]

    def decode_one(index: int) -> NDArray[np.uint8]:
        return decode(source.read(index), names[index], size)

    sums: list[int] = []
    waiting = bytearray()
    with atomic_file(path) as part, part.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for image in map_on_all_cores(decode_one, len(names), "Decoding images"):
            data = image.tobytes()
            file.write(data)
            waiting += data
            while len(waiting) >= _BLOCK:
                sums.append(zlib.crc32(waiting[:_BLOCK]))
                del waiting[:_BLOCK]
        if waiting:
            sums.append(zlib.crc32(waiting))
        file.write(np.array(sums, "<u4").tobytes())
