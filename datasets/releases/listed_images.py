"""Which images of a release are there: their folder is listed once, and no file is looked at by itself."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from ...core.errors import Fault, InputError
from ...core.names import composed
from ..polyvore.places import ItemPlaces, image_file

__all__ = ["ListedImages", "usual_images"]


class ListedImages:
    """The image files below a folder, as they stand there when it is listed.

    A link to nothing is no file. A name is found in any of its Unicode forms.

    Args:
        root: The folder of the release.
        folder: The one below which the images lie: the root, or one in it.
        ending: How the files' names end; others are passed over.

    Raises:
        InputError: If a folder cannot be read.
    """

    def __init__(self, root: Path, folder: Path, ending: str = "") -> None:
        self._folder = "" if folder == root else f"{folder.relative_to(root).as_posix()}/"
        found = _files_below(str(folder), self._folder, (os.path.realpath(folder),))
        self._files = {composed(file) for file in found if file.endswith(ending)}

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, file: str) -> bool:
        """Whether a file, by its path from the root, is there."""
        return composed(file) in self._files

    def file_of(self, item: str) -> str:
        """The image of an item from the root, where it follows from the item's name."""
        return self._folder + image_file(item)

    def key(self) -> str:
        """Hash of what is there, 16 hex digits."""
        joined = "\0".join(sorted(self._files))
        return hashlib.blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def usual_images(root: Path) -> ListedImages | None:
    """What lies where images usually do; None where they lie in an LMDB, or nowhere.

    Raises:
        InputError: If a folder cannot be read.
    """
    folder = ItemPlaces(root).image_folder()
    return None if folder is None else ListedImages(root, folder)


def _files_below(folder: str, prefix: str, above: tuple[str, ...]) -> Iterator[str]:
    """Every file in a folder and those in it.

    Args:
        folder: The folder.
        prefix: What its files are called by, up to their own names.
        above: Where it really lies, last, and those that led to it: a link back to them would never end.
    """
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir():
                    real = f"{above[-1]}{os.sep}{entry.name}"
                    real = os.path.realpath(entry.path) if entry.is_symlink() else real
                    if real not in above:
                        yield from _files_below(entry.path, f"{prefix}{entry.name}/", (*above, real))
                elif entry.is_file():  # only a link costs a look at its file
                    yield prefix + entry.name
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(Fault(folder, reason, "a folder that can be read")) from error
