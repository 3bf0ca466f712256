"""Where the parts of a Polyvore-U tree lie, whichever of its layouts it has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from ...core.errors import Fault, FaultSink, InputError
from ..images.folder import FolderImages
from ..images.lmdb_images import LmdbImages
from ..images.source import ImageSource
from . import layout
from .catalog import Catalog
from .converted import ConvertedTuples
from .features import LmdbFeatures, is_lmdb_file
from .name_forms import files_by_name, keys_by_name
from .original import OriginalTuples
from .outfits import ReadOutfits

__all__ = ["Tree", "Tuples", "find_tree"]

_LAYOUTS = (OriginalTuples, ConvertedTuples)
_FEATURES = "features"
_USUAL_FEATURES = "resnet34"
_STATED_SIZES = {_USUAL_FEATURES: 512}
"""Numbers in a vector, by the name that its place has in the release."""
_FEATURES_BESIDE_IMAGES = "images"
"""The converted release may keep its images as one more LMDB among the features."""


class Tuples(Protocol):
    """The outfits of a tree in one of the layouts.

    Attributes:
        release: What the layout is called.
        folder: The folder `tuples_<number of users>`.
        num_users: Users are 0 … num_users − 1.
    """

    release: str
    folder: Path
    num_users: int

    def positives(self, split: str) -> Path:
        """The file of a split's positives."""
        ...

    def negatives(self, split: str, setting: str) -> Path:
        """The file of a split's negatives."""
        ...

    def read_catalog(self, faults: FaultSink) -> Catalog:
        """The items of all categories."""
        ...

    def read_outfits(self, path: Path, catalog: Catalog, faults: FaultSink) -> ReadOutfits | None:
        """The outfits of a file, or None if it cannot be read."""
        ...


@dataclass(frozen=True)
class Tree:
    """A tree on disk.

    Attributes:
        home: The folder in which images and features lie.
        tuples: Its outfits.
    """

    home: Path
    tuples: Tuples

    def open_images(self, names: Sequence[str], cache: Path) -> ImageSource | None:
        """The images by those names, from a folder or an LMDB; None if the tree has neither."""
        files = [_image_file(name) for name in names]
        for place in self._image_places():
            if place.is_file() or (place / "data.mdb").is_file():
                return LmdbImages(place, keys_by_name(place, files), cache)
            if place.is_dir():
                return FolderImages(files_by_name(place, files), cache)
        return None

    def open_features(self, names: Sequence[str], cache: Path) -> LmdbFeatures | None:
        """The features of the images by those names; None if the tree has none.

        Raises:
            InputError: If they cannot be read.
        """
        for place in self._feature_places():
            keys = keys_by_name(place, [_image_file(name) for name in names])
            return LmdbFeatures(place, keys, cache, stated=_STATED_SIZES.get(_title(place)))
        return None

    def _feature_places(self) -> list[Path]:
        """LMDBs of features, those that are usually meant first: folders, or files on their own."""
        found = [file.parent for file in self.home.glob(f"{_FEATURES}/*/data.mdb")]
        found += filter(is_lmdb_file, self.home.glob(f"{_FEATURES}/*"))
        found += filter(is_lmdb_file, (self.home / name for name in (_FEATURES, f"{_FEATURES}.lmdb")))
        found.sort(key=lambda place: (_title(place) != _USUAL_FEATURES, place.name))
        return [place for place in found if _title(place) != _FEATURES_BESIDE_IMAGES]

    def has_items(self) -> bool:
        """Whether there is any place for images or features."""
        return any(place.exists() for place in self._image_places()) or bool(self._feature_places())

    def _image_places(self) -> Iterator[Path]:
        yield self.home / layout.IMAGE_FOLDER
        yield from sorted(self.home.glob("images/[0-9]*x[0-9]*"))
        yield from (self.home / name for name in ("images", "images.lmdb", "lmdb"))
        yield self.home / _FEATURES / _FEATURES_BESIDE_IMAGES
        yield self.home / _FEATURES / f"{_FEATURES_BESIDE_IMAGES}.lmdb"


def find_tree(root: Path, name: str) -> Tree:
    """The tree of a dataset.

    Args:
        root: The folder that holds `tuples_<number of users>`, or its `original` in the converted release.
        name: The dataset's name; the number in it is the number of users.

    Raises:
        InputError: If there is no such tree.
    """
    number = re.search(r"\d+", name)
    if number is None:
        raise InputError(Fault("argument name", repr(name), "a name with the number of users in it"))
    folder_name = layout.tuples_folder(int(number[0]))
    selves = [whole for whole in _whole_paths(root) if whole.name == folder_name]
    for folder in (root / folder_name, root / "original" / folder_name, *selves):
        for kind in _LAYOUTS:
            if kind.lies_in(folder):
                homes = [_home(whole) for whole in _whole_paths(folder)]
                tree = [Tree(home, kind(folder, int(number[0]))) for home in homes]
                return next((one for one in tree if one.has_items()), tree[0])
    found = f"no {folder_name} with outfits in it" if root.is_dir() else "no such folder"
    raise InputError(
        Fault(root, found, f"a folder that holds {folder_name}", "name another folder with --root")
    )


def _whole_paths(path: Path) -> list[Path]:
    """A path by names that can be gone by, for `.`, `..` and links have none: as it is spelled, as it is."""
    as_spelled = [] if ".." in path.parts else [path.absolute()]
    return [*as_spelled, path.resolve()]


def _home(folder: Path) -> Path:
    """The folder in which the images of a folder of tuples lie."""
    return folder.parent.parent if folder.parent.name == "original" else folder.parent


def _title(place: Path) -> str:
    """What the features in a folder or file are called."""
    return place.name.removesuffix(".mdb").removesuffix(".lmdb")


def _image_file(name: str) -> str:
    """The file of an image name; some lists leave the suffix away."""
    return name if PurePosixPath(name).suffix else f"{name}.jpg"
