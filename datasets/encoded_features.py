"""Features as `outfitbench encode` leaves them: shards of Parquet, and a manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.checked_array import CheckedArray
from ..core.errors import Fault, InputError
from ..core.names import shown
from ..core.parquet import open_parquet
from .images.digests import file_digests

__all__ = ["MANIFEST", "EncodedFeatures"]

MANIFEST = "manifest.json"
_COLUMNS = {"item": "its name", "features": "a list of float32"}
_ROWS_AT_ONCE = 1 << 14


class EncodedFeatures:
    """One vector an item, by the name of its file wherever that lay, or by its own.

    The vectors are copied once into a memory map of the cache.

    Args:
        path: The folder that `encode` wrote.
        names: Names of the items, in item order.
        cache: Folder for what is derived.

    Attributes:
        path: The folder.
        size: Length of each vector.

    Raises:
        InputError: If pyarrow is not installed, the folder is not finished, a shard cannot be read, two of
            its items have one name, or none of the names is there.
    """

    def __init__(self, path: Path, names: Sequence[str], cache: Path) -> None:
        self.path = path
        self._names = names
        files = _shards(path)
        self._digests = file_digests(files, cache).tobytes()
        encoded: dict[str, int] = {}
        for row, name in enumerate(name for file in files for name in _items(file)):
            if encoded.setdefault(_file(name), row) != row:
                found = f"two items named {shown(_file(name))}"
                raise InputError(Fault(path, found, "a file's name for each item"))
        self._rows = np.array([encoded.get(_file(name), -1) for name in names])
        if not (self._rows >= 0).any():
            found = f"{len(encoded):,} items, none of them of the dataset"
            raise InputError(Fault(path, found, f"items such as {shown(str(names[0]))}"))
        self.size = size = _width(files[0])
        place = cache / "encoded" / f"{hashlib.blake2b(self._digests, digest_size=8).hexdigest()}.npy"
        kept = CheckedArray(place, (len(encoded), size), np.dtype("<f4"))
        self._vectors = kept.made_once(lambda: _vectors(files, size))

    def read(self, ids: NDArray[np.integer]) -> NDArray[np.float32]:
        """Vectors of some items, float32 (n, size).

        Raises:
            InputError: If a vector is missing, or not finite.
        """
        rows = self._rows[ids]
        if (rows < 0).any():
            raise self._fault(int(ids[int(np.argmin(rows))]), "no features", "a vector for each item")
        vectors = self._vectors[rows]
        if not np.isfinite(vectors).all():
            item = int(ids[np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0]])
            raise self._fault(item, "NaN or infinity", "finite numbers")
        return vectors

    def content_key(self) -> str:
        """Hash of the shards and the names; 32 hex digits."""
        digest = hashlib.blake2b(self._digests, digest_size=16)
        digest.update("\0".join(self._names).encode())
        return digest.hexdigest()

    def _fault(self, item: int, found: str, expected: str) -> InputError:
        return InputError(Fault(f"{self.path} [{self._names[item]}]", found, expected))


def _file(name: str) -> str:
    """The file of an item; some lists leave the suffix away.

    Example:
        >>> _file("shirt/a.jpg"), _file("a")
        ('a.jpg', 'a.jpg')
    """
    file = name.rpartition("/")[2]
    return file if "." in file else f"{file}.jpg"


def _shards(folder: Path) -> list[Path]:
    """The files of a finished folder.

    Raises:
        InputError: If it is none.
    """
    fix = "run `outfitbench encode` again; it goes on where it stopped"
    try:
        told = json.loads((folder / MANIFEST).read_bytes())
        files = [folder / str(shard["file"]) for shard in told["shards"]]
        whole = told["whole"] is True and bool(files)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(Fault(folder / MANIFEST, "what is none", "a manifest of features", fix)) from error
    if not whole:
        raise InputError(Fault(folder, "features that are not whole", "a finished folder", fix))
    return files


def _items(file: Path) -> list[str]:
    return open_parquet(file, _COLUMNS).read(["item"])["item"].to_pylist()


def _width(file: Path) -> int:
    """How long its vectors are.

    Raises:
        InputError: If they are of several lengths.
    """
    import pyarrow

    kind = open_parquet(file, _COLUMNS).schema_arrow.field("features").type
    if not pyarrow.types.is_fixed_size_list(kind):
        raise InputError(Fault(f"{file}, column features", str(kind), "lists of one length"))
    return kind.list_size


def _vectors(files: Sequence[Path], size: int) -> Iterator[NDArray[np.float32]]:
    """The vectors of all shards in their order, some rows at a time."""
    for file in files:
        for batch in open_parquet(file, _COLUMNS).iter_batches(_ROWS_AT_ONCE, columns=["features"]):
            column = batch.column(0)
            yield column.flatten().to_numpy().reshape(len(column), size).astype("<f4")
