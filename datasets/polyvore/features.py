"""Features kept in an LMDB, as the converted release has them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import Fault, InputError
from ..images.digests import file_digests
from ..images.lmdb_images import open_lmdb

if TYPE_CHECKING:
    import lmdb

__all__ = ["LmdbFeatures"]

_VALUE = np.dtype("<f4")


class LmdbFeatures:
    """One vector an item: an LMDB value of raw little-endian float32.

    Args:
        path: The LMDB, a folder with `data.mdb`.
        keys: The key of each item's vector, in item order.
        cache: Folder in which the file's hash is remembered.

    Attributes:
        size: Length of each vector.

    Raises:
        InputError: If lmdb is not installed, `path` is no LMDB, or it does not hold the first item's vector.
    """

    def __init__(self, path: Path, keys: Sequence[str], cache: Path) -> None:
        self.path = path
        self.keys = keys
        self._cache = cache
        self._environment = open_lmdb(path.resolve())
        with self._environment.begin(buffers=True) as transaction:
            self.size = len(self._vector(transaction, 0))

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
        digest = hashlib.blake2b(
            file_digests([self.path / "data.mdb"], self._cache).tobytes(), digest_size=16
        )
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
        if not len(value) or len(value) % _VALUE.itemsize:
            raise self._fault(item, f"{len(value)} bytes", "a vector of raw float32")
        return np.frombuffer(value, _VALUE)

    def _fault(self, item: int, found: str, expected: str) -> InputError:
        return InputError(Fault(f"{self.path} [{self.keys[item]}]", found, expected))
