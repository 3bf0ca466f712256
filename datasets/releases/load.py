"""From the files of a release to a dataset, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ...core.errors import Fault, FaultSink, InputError
from ...core.files import locked
from ...core.hashes import content_hash
from ..dataset import Dataset
from ..images.digests import file_digests
from ..images.folder import FolderImages
from ..images.source import ImageSource, brief
from ..polyvore.left_out import RowSink
from ..polyvore.name_forms import files_by_name
from ..polyvore.places import ItemPlaces
from ..splits import check_scheme
from .iqon import IQON3000
from .kept import KeptRelease, keep, open_kept
from .listed_images import ListedImages
from .pog import POG
from .pog_like import POG_LIKES
from .polyvore_outfits import PolyvoreOutfits
from .posts import Posts

__all__ = ["READER_VERSION", "RELEASES", "Reader", "inspect_release", "load_release", "open_pictures"]

READER_VERSION = 2
"""Raised when the same files would be read, split or kept otherwise."""


class Reader(Protocol):
    """Reads a release in its own format.

    Attributes:
        title: What the release is called.
        needs: What the root must be, for messages.
    """

    title: str
    needs: str

    def files(self, root: Path) -> list[Path]:
        """The files that decide what is read."""
        ...

    def images(self, root: Path) -> ListedImages | None:
        """The images that are there; None where they are no files of their own.

        Raises:
            InputError: If a folder cannot be read.
        """
        ...

    def read(
        self, root: Path, files: Sequence[Path], faults: FaultSink, images: ListedImages | None
    ) -> Posts | None:
        """What they say. What is not sound is reported and left out.

        Args:
            root: The folder of the release.
            files: What `files` found there.
            faults: Where faults are reported.
            images: What `images` found: an outfit that wears an item without one is not sound. None not to
                ask for images.

        Returns:
            The release, or None where a file that all depends on cannot be read.
        """
        ...


RELEASES: dict[str, Reader] = {
    "iqon": IQON3000(),
    "pog": POG(),
    **dict.fromkeys(POG_LIKES, POG()),
    "polyvore-outfits": PolyvoreOutfits("nondisjoint"),
    "polyvore-outfits-disjoint": PolyvoreOutfits("disjoint"),
}
"""The readers by the names of their datasets."""


def load_release(
    name: str, root: Path, *, split: str = "released", cache: Path, skip_unusable: bool = False
) -> Dataset:
    """A release as a dataset: read once, then opened from the cache for as long as its files stay the same.

    Args:
        name: One of `RELEASES`.
        root: The folder of the release.
        split: "released": where no split was released, the one of `split_posts`.
        cache: Folder for what is derived.
        skip_unusable: Whether unusable rows or sets, and those with an item whose image is missing, are left
            out, counted and said.

    Raises:
        InputError: At the first fault of the release, or for another split.
    """
    check_scheme(split)
    if split != "released":
        expected = "released: its own split, or 9 : 2 : 2 for each user with each outfit in one split"
        raise InputError(Fault("argument split", f"{split} of {name}", expected))
    reader = RELEASES[name]
    kept = _kept(name, reader, root, cache, skip_unusable)
    about = kept.about
    pictures = open_pictures(root, about.item_names, about.image_files, cache)
    vectors = ItemPlaces(root).open_features(about.item_names, cache)
    try:
        keys = [source.content_key() for source in (pictures, vectors) if source is not None]
    except InputError as error:
        raise InputError(_missing(pictures) or error.fault) from error
    return Dataset(
        name=name,
        origin=reader.title,
        num_users=about.num_users,
        user_names=kept.user_names,
        anonymous=about.anonymous,
        categories=tuple(about.categories),
        item_category=kept.item_category,
        item_names=about.item_names,
        tables=kept.tables,
        split_scheme=split,
        fingerprint=content_hash([about.content, *keys]),
        cache=cache,
        pictures=pictures,
        vectors=vectors,
        left_out=about.left_out,
        notes=tuple(about.notes),
    )


def inspect_release(name: str, root: Path, faults: FaultSink, *, skip_unusable: bool = False) -> Posts | None:
    """Read a release and report all that is wrong with its files; None where hardly anything can be read.

    Args:
        name: One of `RELEASES`.
        root: The folder of the release.
        faults: Where faults are reported.
        skip_unusable: Whether outfits are reported, and left out, for an item whose image is missing, too.

    Raises:
        InputError: If there is no such release.
    """
    reader = RELEASES[name]
    files = _found(reader, root)
    posts = reader.read(root, files, faults, reader.images(root) if skip_unusable else None)
    if posts is not None:
        _check_posts(posts, root, faults)
    return posts


def _kept(name: str, reader: Reader, root: Path, cache: Path, skip_unusable: bool) -> KeptRelease:
    """The release as it lies in the cache, read from its files where it does not."""
    files = _found(reader, root)
    digests = file_digests(files, cache).tobytes().hex()
    places = [path.relative_to(root).as_posix() for path in files]
    images = reader.images(root) if skip_unusable else None
    listed = [] if images is None else [images.key()]
    key = content_hash([name, READER_VERSION, skip_unusable, places, digests, *listed])
    folder = cache / "releases" / f"{name}-{key}"
    kept = open_kept(folder)
    if kept is not None:
        return kept
    sink = RowSink(skip_unusable)
    posts = reader.read(root, files, sink, images)
    assert posts is not None, "what cannot be read was refused"
    _check_posts(posts, root, sink, sink.notes)
    with locked(folder):
        return open_kept(folder) or keep(posts, folder, sink.counts, sink.notes)


def _found(reader: Reader, root: Path) -> list[Path]:
    """The files of a release.

    Raises:
        InputError: If there are none.
    """
    files = reader.files(root)
    if not any(path.is_file() for path in files):
        raise InputError(Fault(root, "none of it", reader.needs, "name another folder with --root"))
    return files


def _check_posts(posts: Posts, root: Path, faults: FaultSink, left_out: Sequence[str] = ()) -> None:
    if not len(posts.posted):
        faults(Fault(root, "no outfit that can be used", "one or more", "; ".join(left_out)))


def open_pictures(
    root: Path, names: Sequence[str], files: Sequence[str] | None, cache: Path
) -> ImageSource | None:
    """The items' images: the files that the release names, or what lies where images usually do."""
    if files is None:
        return ItemPlaces(root).open_images(names, cache)
    found = files_by_name(root, files)
    return FolderImages(found, cache) if any(path.is_file() for path in found) else None


def _missing(pictures: ImageSource | None) -> Fault | None:
    """The first image file that is missing, and how many are; None if none is."""
    files = pictures.paths if isinstance(pictures, FolderImages) else ()
    missing = [file for file in files if not _is_there(file)]
    if not missing:
        return None
    found = f"no such file ({len(missing):,} of {len(files):,} images are missing)"
    fix = "add them, or leave out the outfits that wear such items with skip_unusable"
    return Fault(brief(str(missing[0])), found, "an image of each item", fix)


def _is_there(file: Path) -> bool:
    try:
        file.stat()
    except PermissionError:  # which was said
        return True
    except (OSError, ValueError):  # nothing, or a name that no file can have
        return False
    return True
