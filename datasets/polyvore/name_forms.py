"""Names in another Unicode normal form: a list says `é` in one character, a file system in two."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path, PurePosixPath

from ...core.errors import Fault, InputError
from ...core.names import composed
from ..images.lmdb_images import open_lmdb

__all__ = ["files_by_name", "keys_by_name"]

_Listing = Callable[[Path], Mapping[str, Sequence[str]]]


def files_by_name(folder: Path, names: Sequence[str]) -> list[Path]:
    """The files of some names in a folder, each by the form of its name that stands on the disk.

    Args:
        folder: The folder.
        names: Names of a list, which may lead into folders below. One that is not there stays as it is.

    Raises:
        InputError: If a name is there in no form of its own but in two others.
    """
    listed = cache(_names_by_form)
    return [folder / name if name.isascii() else _file(folder, name, listed) for name in names]


def _file(folder: Path, name: str, listed: _Listing) -> Path:
    place = folder
    for part in PurePosixPath(name).parts:
        found = listed(place).get(composed(part), ())
        if part in found or not found:
            place = place / part
        elif len(found) == 1:
            place = place / found[0]
        else:
            both = " and ".join(ascii(one) for one in found)
            raise InputError(
                Fault(place, f"{both}, which are one name in two forms", "one file", "remove one")
            )
    return place


def _names_by_form(folder: Path) -> dict[str, tuple[str, ...]]:
    """Names that stand in a folder by their composed form (NFC)."""
    found: dict[str, list[str]] = defaultdict(list)
    try:
        for name in sorted(entry.name for entry in folder.iterdir()):
            found[composed(name)].append(name)
    except OSError:
        return {}  # whoever reads the file says why it cannot be had
    return {form: tuple(names) for form, names in found.items()}


def keys_by_name(path: Path, names: Sequence[str]) -> list[str]:
    """The keys of some names in an LMDB, each in the form in which it stands there.

    Raises:
        InputError: If `path` is no LMDB.
    """
    if all(map(str.isascii, names)):
        return list(names)
    import lmdb

    def key(name: str) -> str:
        forms = (name, composed(name), unicodedata.normalize("NFD", name))
        try:
            return next((form for form in forms if transaction.get(form.encode()) is not None), name)
        except (lmdb.Error, UnicodeEncodeError):
            return name  # whoever reads the value says why it cannot be had

    with open_lmdb(path.resolve()).begin(buffers=True) as transaction:
        return [name if name.isascii() else key(name) for name in names]
