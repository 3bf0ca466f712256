"""Where the images and features of a release's items lie, whatever the release."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..encoded_features import MANIFEST, EncodedFeatures
from ..images.folder import FolderImages
from ..images.lmdb_images import LmdbImages
from ..images.source import ImageSource
from . import layout
from .features import LmdbFeatures, is_lmdb_file
from .name_forms import files_by_name, keys_by_name

__all__ = ["ItemPlaces", "image_file"]

_FEATURES = "features"
_USUAL_FEATURES = "resnet34"
_STATED_SIZES = {_USUAL_FEATURES: 512}
"""Numbers in a vector, by the name that its place has in the release."""
_FEATURES_BESIDE_IMAGES = "images"
"""The converted release may keep its images as one more LMDB among the features."""


@dataclass(frozen=True)
class ItemPlaces:
    """The places for images and features in a folder.

    Attributes:
        home: The folder.
    """

    home: Path

    def open_images(self, names: Sequence[str], cache: Path) -> ImageSource | None:
        """The images by those names, from a folder or an LMDB; None if there is neither."""
        place = self._image_place()
        if place is None:
            return None
        files = [image_file(name) for name in names]
        if _is_lmdb(place):
            return LmdbImages(place, keys_by_name(place, files), cache)
        return FolderImages(files_by_name(place, files), cache)

    def image_folder(self) -> Path | None:
        """The folder in which images are files of their own; None if they lie in an LMDB, or nowhere."""
        place = self._image_place()
        return None if place is None or _is_lmdb(place) else place

    def open_features(self, names: Sequence[str], cache: Path) -> LmdbFeatures | EncodedFeatures | None:
        """The features of the images by those names; None if there are none.

        Raises:
            InputError: If they cannot be read.
        """
        for place in self._feature_places():
            if (place / MANIFEST).is_file():
                return EncodedFeatures(place, names, cache)
            keys = keys_by_name(place, [image_file(name) for name in names])
            return LmdbFeatures(place, keys, cache, stated=_STATED_SIZES.get(_title(place)))
        return None

    def _feature_places(self) -> list[Path]:
        """Where features lie, those that are usually meant first: LMDBs, or what `encode` left."""
        found = [
            file.parent for name in ("data.mdb", MANIFEST) for file in self.home.glob(f"{_FEATURES}/*/{name}")
        ]
        found += filter(is_lmdb_file, self.home.glob(f"{_FEATURES}/*"))
        found += filter(is_lmdb_file, (self.home / name for name in (_FEATURES, f"{_FEATURES}.lmdb")))
        found.sort(key=lambda place: (_title(place) != _USUAL_FEATURES, place.name))
        return [place for place in found if _title(place) != _FEATURES_BESIDE_IMAGES]

    def has_any(self) -> bool:
        """Whether there is any place for images or features."""
        return any(place.exists() for place in self._image_places()) or bool(self._feature_places())

    def _image_place(self) -> Path | None:
        return next((place for place in self._image_places() if place.is_dir() or _is_lmdb(place)), None)

    def _image_places(self) -> Iterator[Path]:
        yield self.home / layout.IMAGE_FOLDER
        yield from sorted(self.home.glob("images/[0-9]*x[0-9]*"))
        yield from (self.home / name for name in ("images", "images.lmdb", "lmdb"))
        yield self.home / _FEATURES / _FEATURES_BESIDE_IMAGES
        yield self.home / _FEATURES / f"{_FEATURES_BESIDE_IMAGES}.lmdb"


def _title(place: Path) -> str:
    """What the features in a folder or file are called."""
    return place.name.removesuffix(".mdb").removesuffix(".lmdb")


def _is_lmdb(place: Path) -> bool:
    """Whether images lie there as an LMDB; who opens it says whether it is one."""
    return place.is_file() or (place / "data.mdb").is_file()


def image_file(name: str) -> str:
    """The file of an image name; some lists leave the suffix away."""
    return name if PurePosixPath(name).suffix else f"{name}.jpg"
