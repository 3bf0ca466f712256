"""Features kept in an LMDB, as the converted release has them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...core.errors import Fault, InputError
from ..dataset import FeatureSource
from ..images.digests import file_digests
from ..images.lmdb_images import open_lmdb

if TYPE_CHECKING:
    import lmdb

__all__ = ["LmdbFeatures", "is_lmdb_file", "odd_values"]

_VALUE = np.dtype("<f4")
_LARGEST = 1e6
"""Magnitude beyond which a feature is more likely a number of another type, read wrongly."""

_ENOUGH = 64
"""Vectors, and different numbers in them, that tell float16."""

_LMDB_MAGIC = (0xBEEFC0DE).to_bytes(4, "little")
_PICKLES = (b"\x80\x02c", b"\x80\x02]", b"\x80\x03c", b"\x80\x03]", b"\x80\x04\x95", b"\x80\x05\x95")
"""How pickled arrays and lists begin; they end in a full stop."""


def is_lmdb_file(path: Path) -> bool:
    """Whether a file is an LMDB on its own: by its suffix, or by what stands behind its first page's head."""
    if not path.is_file():
        return False
    if path.suffix in (".mdb", ".lmdb"):
        return True
    with path.open("rb") as file:
        return file.read(20)[16:] == _LMDB_MAGIC


def odd_values(source: FeatureSource, items: NDArray[np.integer], names: Sequence[str]) -> list[str]:
    """What of some vectors is implausible though it can be read, a sentence each with an example.

    Another type read as float32 gives no error but such values. Vectors that cannot be read are passed over.

    Args:
        source: The vectors.
        items: Which of them to look at, (n,).
        names: Name of each item of the source.
    """
    seen: list[int] = []
    ends: list[tuple[float, float]] = []
    halves: list[NDArray[np.float32]] = []
    for item in items.tolist():
        try:
            vector = source.read(np.array([item]))
        except InputError:
            continue
        seen.append(item)
        ends.append((float(vector.min()), float(vector.max())))
        if len(halves) < _ENOUGH:
            halves.append(vector)
    low, high = np.array(ends, np.float64).reshape(-1, 2).T
    largest = np.maximum(np.abs(low), np.abs(high))
    one_value = (low == high) & (source.size > 1)
    said: list[str] = []
    for odd, what in (
        (largest > _LARGEST, f"hold magnitudes beyond {_LARGEST:,.0f}"),
        (largest == 0, "are all 0"),
        (one_value & (largest > 0), "hold one value throughout"),
    ):
        if odd.any():
            row = int(np.argmax(odd))
            example = f"{names[seen[row]]} with {low[row]:.2g} to {high[row]:.2g}"
            said.append(f"{odd.sum():,} of {len(seen):,} vectors {what}, such as {example}")
    if halves and _is_float16(np.concatenate(halves)):
        said.append(f"the vectors look like float16, such as {names[seen[0]]}")
    return said


def _is_float16(vectors: NDArray[np.float32]) -> bool:
    """Whether numbers read as float32 are rather pairs of float16.

    The lower half of a float32 is the end of its fraction: any bits, of which one in five make a float16
    beyond 1,000 or none at all. In pairs of float16 features no half does.
    """
    lower = np.ascontiguousarray(vectors, "<f4").view("<f2").reshape(*vectors.shape, 2)[..., 0]
    distinct = np.unique(lower)
    return len(distinct) > _ENOUGH and bool((np.abs(distinct) < 1000).all())


class LmdbFeatures:
    """One vector an item: an LMDB value of raw little-endian float32.

    Args:
        path: The LMDB: a folder with `data.mdb`, or the file itself.
        keys: The key of each item's vector, in item order.
        cache: Folder in which the file's hash is remembered.
        stated: Length that the vectors should have, where something says so. Half or twice as many float32
            are numbers of another type; another length is a choice.

    Attributes:
        size: Length of each vector.

    Raises:
        InputError: If lmdb is not installed, `path` is no LMDB, it does not hold the first item's vector, or
            that is of another type by its length.
    """

    def __init__(self, path: Path, keys: Sequence[str], cache: Path, stated: int | None = None) -> None:
        self.path = path
        self.keys = keys
        self._cache = cache
        self._environment = open_lmdb(path.resolve())
        with self._environment.begin(buffers=True) as transaction:
            self.size = len(self._vector(transaction, 0))
        other = {} if stated is None else {stated // 2: "float16", stated * 2: "float64"}
        if self.size in other:
            length = self.size * _VALUE.itemsize
            found = f"{length:,} bytes, which are {stated:,} numbers of {other[self.size]}"
            fix = "convert them, or rename what holds them if they are float32"
            raise self._fault(0, found, f"{stated:,} raw float32, as its name says", fix)

    def read(self, ids: NDArray[np.integer]) -> NDArray[np.float32]:
        """Vectors of some items, float32 (n, size).

        Raises:
            InputError: If a vector is missing, of another length, or not finite.
        """
        vectors = np.empty((len(ids), self.size), np.float32)
        with self._environment.begin(buffers=True) as transaction:
            for row, item in enumerate(ids.tolist()):
                vector = self._vector(transaction, item)
                if len(vector) != self.size:
                    raise self._fault(item, f"{len(vector)} numbers", f"{self.size}, as item 0 has")
                vectors[row] = vector
        if not np.isfinite(vectors).all():
            item = int(ids[np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0]])
            raise self._fault(item, "NaN or infinity", "finite numbers")
        return vectors

    def content_key(self) -> str:
        """Hash of the LMDB's file and the keys; 32 hex digits. Cheap while the file does not change."""
        file = self.path / "data.mdb" if self.path.is_dir() else self.path
        digest = hashlib.blake2b(file_digests([file], self._cache).tobytes(), digest_size=16)
        digest.update("\0".join(self.keys).encode())
        return digest.hexdigest()

    def _vector(self, transaction: lmdb.Transaction, item: int) -> NDArray[np.float32]:
        import lmdb

        try:
            value = transaction.get(self.keys[item].encode())
        except lmdb.Error as error:
            raise self._fault(item, f"no readable value ({error})", "a vector for each item") from error
        if value is None:
            raise self._fault(item, "no value", "a vector for each item")
        if bytes(value[:6]) == b"\x93NUMPY":
            raise self._fault(item, "the bytes of a .npy file", "a vector of raw float32")
        if bytes(value[:3]) in _PICKLES and bytes(value[-1:]) == b".":
            raise self._fault(item, "a pickle, which is never read", "a vector of raw float32")
        if not len(value) or len(value) % _VALUE.itemsize:
            raise self._fault(item, f"{len(value)} bytes", "a vector of raw float32")
        return np.frombuffer(value, _VALUE)

    def _fault(self, item: int, found: str, expected: str, fix: str = "") -> InputError:
        return InputError(Fault(f"{self.path} [{self.keys[item]}]", found, expected, fix))
