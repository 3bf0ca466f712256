"""Images kept in an LMDB, as some copies of Polyvore-U have them."""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING

from ...core.cache import cache_folder
from ...core.errors import Fault, InputError
from ...core.names import shown
from .digests import file_digests
from .source import brief

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import lmdb

__all__ = ["LmdbImages", "open_lmdb"]


@functools.cache
def open_lmdb(path: Path) -> lmdb.Environment:
    """An LMDB opened for reading; opened once a process, as LMDB demands.

    Args:
        path: A folder with `data.mdb`, or the file itself; resolved, so that it has one name only.

    Raises:
        InputError: If lmdb is not installed, or `path` is no LMDB.
    """
    try:
        import lmdb
    except ImportError as error:
        raise InputError(
            Fault(path, "no package to read it", "lmdb", "run pip install 'outfitbench[lmdb]'")
        ) from error
    try:
        environment = lmdb.open(str(path), subdir=path.is_dir(), readonly=True, lock=False)
    except lmdb.Error as error:
        if "already open" in str(error):
            found = "an LMDB that something else in this process has open"
            fix = "close it there, or read it in a process of its own"
            raise InputError(Fault(path, found, "an LMDB that is free", fix)) from error
        raise InputError(Fault(path, f"no LMDB ({error})", "a folder with data.mdb, or the file")) from error
    # LMDB maps the file: reading a page past its end would not raise but end the process (SIGBUS).
    found = (path / "data.mdb" if path.is_dir() else path).stat().st_size
    expected = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
    if found < expected:
        environment.close()
        raise InputError(
            Fault(path, f"an LMDB cut short, of {found} bytes", f"{expected} bytes", "copy it again")
        )
    return environment


class LmdbImages:
    """One LMDB value an item.

    Args:
        path: The LMDB: a folder with `data.mdb`, or the file itself.
        keys: The key of each item's image, in item order.
        cache: Folder in which the file's hash is remembered; the usual cache by default.

    Raises:
        InputError: If lmdb is not installed, or `path` is no LMDB.
    """

    def __init__(self, path: Path, keys: Sequence[str], cache: Path | None = None) -> None:
        self.path = path
        self.keys = keys
        self.names = [f"{path}[{brief(key)}]" for key in keys]
        self._environment = open_lmdb(path.resolve())
        self._cache = cache or cache_folder()

    def read(self, index: int) -> bytes:
        """The encoded image of one item.

        Raises:
            InputError: If the LMDB has no such key, or is broken there.
        """
        import lmdb

        try:
            with self._environment.begin() as transaction:
                value = transaction.get(_encoded(self.keys[index]))
        except lmdb.Error as error:
            raise InputError(Fault(self.names[index], f"nothing readable ({error})", "an image")) from error
        if value is None:
            raise InputError(Fault(self.path, f"no key {shown(self.keys[index])}", "an image for each item"))
        return value

    def content_key(self) -> str:
        """Hash of the LMDB's file and the keys, 32 hex digits.

        It is taken once for each `LmdbImages`, and a file that was hashed before is not read again.
        """
        return self._key

    @functools.cached_property
    def _key(self) -> str:
        file = self.path / "data.mdb" if self.path.is_dir() else self.path
        digest = hashlib.blake2b(file_digests([file], self._cache).tobytes(), digest_size=16)
        digest.update(_encoded("\0".join(self.keys)))
        return digest.hexdigest()


def _encoded(key: str) -> bytes:
    """A key's bytes; one that no LMDB holds (half a surrogate pair, from a JSON list) is then not found."""
    return key.encode("utf-8", "surrogatepass")
