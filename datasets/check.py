"""All that is wrong with a dataset's files, not only the first thing, and what is odd though usable."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core.cache import cache_folder
from ..core.errors import Fault, InputError
from ..core.parallel import map_on_all_cores
from .closet import CLOSETS
from .dataset import FeatureSource
from .images.decode import decode
from .images.folder import FolderImages
from .images.source import ImageSource
from .images.store import check_stores
from .photos import find_photos
from .polyvore.catalog import Catalog, is_file_name
from .polyvore.contents import read_contents, read_negatives
from .polyvore.features import odd_values
from .polyvore.layout import IMAGE_FOLDER
from .polyvore.left_out import RowSink, say_repeated
from .polyvore.number_rows import UnusableRow
from .polyvore.places import ItemPlaces
from .polyvore.tree import Tree, find_tree
from .registry import DATASETS, PHOTOS, POLYVORES, load_dataset, release_root, require_root, tree_root
from .releases import RELEASES, inspect_release, open_pictures
from .splits import SPLITS
from .stats import count_negatives
from .tables import SETTINGS

__all__ = [
    "Findings",
    "check_dataset",
    "check_features",
    "check_images",
    "inspect_dataset",
    "inspect_tree",
]

_TRIAL_SIZE = 32
"""Pixels to which each image is decoded to see whether it can be."""


@dataclass(frozen=True)
class Findings:
    """What a check found.

    Attributes:
        faults: What is wrong.
        notes: What is left out or odd, though the dataset can be used: a sentence each.
    """

    faults: list[Fault]
    notes: list[str]


def check_dataset(name: str, root: Path | str | None = None, *, cache: Path | None = None) -> list[Fault]:
    """The faults that `inspect_dataset` finds."""
    return inspect_dataset(name, root, cache=cache).faults


def inspect_dataset(
    name: str,
    root: Path | str | None = None,
    *,
    cache: Path | None = None,
    skip_unusable: bool = False,
) -> Findings:
    """Look at all of a dataset's files: lists, outfits, released negatives, and every image or feature.

    Training negatives are not looked at, for nothing reads them.

    Args:
        name: A name that `load_dataset` knows.
        root: As for `load_dataset`.
        cache: As for `load_dataset`.
        skip_unusable: Whether what `load_dataset` then leaves out is no fault, but counted in a note.
    """
    cache = cache_folder() if cache is None else Path(cache)
    try:
        found = _inspect(name, root, cache, skip_unusable)
    except InputError as error:
        found = Findings([error.fault], [])
    return _without_unusable(found) if skip_unusable else found


def _inspect(name: str, root: Path | str | None, cache: Path, skip_unusable: bool) -> Findings:
    if name == PHOTOS:
        return _inspect_photos(require_root(name, root), cache)
    if name in CLOSETS or name in POLYVORES:
        return inspect_tree(tree_root(name, root, cache), name, cache)
    if name in RELEASES:
        return _inspect_release(name, release_root(name, root, cache), cache, skip_unusable)
    DATASETS.get(name, "argument name")
    return _inspect_loaded(name, root, cache)


def _without_unusable(found: Findings) -> Findings:
    """The same with unusable rows as notes."""
    passed = RowSink(skip=True)
    faults = [fault for fault in found.faults if not isinstance(fault, UnusableRow)]
    for fault in found.faults:
        if isinstance(fault, UnusableRow):
            passed(fault)
    return Findings(faults, [*found.notes, *passed.notes])


def check_images(source: ImageSource) -> list[Fault]:
    """A fault for each image that is missing or cannot be decoded."""

    def try_image(index: int) -> None:
        decode(source.read(index), source.names[index], _TRIAL_SIZE)

    return _check_each(try_image, len(source.names), "Checking images")


def _check_pictures(source: ImageSource, cache: Path) -> list[Fault]:
    """What is wrong with the images, or else with the arrays that were decoded from them."""
    return check_images(source) or check_stores(source, cache)


def check_features(source: FeatureSource, count: int) -> list[Fault]:
    """A fault for each item whose vector is missing or not sound."""
    return _check_each(lambda index: source.read(np.array([index])), count, "Checking features")


def _check_each(try_one: Callable[[int], object], count: int, title: str) -> list[Fault]:
    def fault_of(index: int) -> Fault | None:
        try:
            try_one(index)
        except InputError as error:
            return error.fault
        return None

    return [fault for fault in map_on_all_cores(fault_of, count, title) if fault is not None]


def _inspect_photos(root: Path, cache: Path) -> Findings:
    found: list[Fault] = []
    photos = find_photos(root, found.append)
    pictures = FolderImages(photos.paths, cache)
    found += _check_pictures(pictures, cache)
    notes = [photos.classes_left_out] if photos.left_out else []
    return Findings(found, [*notes, *photos.notes, *(() if found else photos.copies(cache))])


def _inspect_release(name: str, root: Path, cache: Path, skip_unusable: bool) -> Findings:
    found: list[Fault] = []
    posts = inspect_release(name, root, found.append, skip_unusable=skip_unusable)
    if posts is None:
        return Findings(found, [])
    pictures = open_pictures(root, posts.item_names, posts.image_files, cache)
    vectors = ItemPlaces(root).open_features(posts.item_names, cache)
    if pictures is None and vectors is None:
        found.append(Fault(root, "neither images nor features", "images, or features/resnet34"))
    if pictures is not None:
        found += _check_pictures(pictures, cache)
    if vectors is not None:
        found += check_features(vectors, len(posts.item_names))
    return Findings(found, list(posts.notes))


def _inspect_loaded(name: str, root: Path | str | None, cache: Path) -> Findings:
    """A dataset of which nothing is known but its loader."""
    dataset = load_dataset(name, root, cache=cache)
    found: list[Fault] = []
    if dataset.pictures is not None:
        found += _check_pictures(dataset.pictures, dataset.cache)
    if dataset.vectors is not None:
        found += check_features(dataset.vectors, dataset.num_items)
    return Findings(found, list(dataset.notes))


def inspect_tree(root: Path, name: str, cache: Path) -> Findings:
    """Look at all files of a Polyvore-U tree, whatever it is called.

    Raises:
        InputError: If there is no such tree.
    """
    found: list[Fault] = []
    tree = find_tree(root, name)
    contents = read_contents(tree.tuples, found.append)
    notes = say_repeated(contents.repeated)
    positives = {split: outfits.table for split, outfits in contents.positives.items()}
    for split, setting in itertools.product(SPLITS[1:], SETTINGS):
        negatives = read_negatives(tree.tuples, contents, split, setting, found.append)
        if negatives is not None:
            counts = count_negatives(negatives.table, split, positives)
            if counts.in_split or counts.elsewhere or counts.repeated:
                notes.append(f"{tree.tuples.negatives(split, setting).name}: {counts}")
    items = _inspect_items(tree, contents.catalog, cache)
    return Findings(found + items.faults, notes + items.notes)


def _inspect_items(tree: Tree, catalog: Catalog, cache: Path) -> Findings:
    """A fault for each item whose image or features cannot be used."""
    found: list[Fault] = []
    notes: list[str] = []
    names = [name for name in catalog.item_names if is_file_name(name)]
    if not names:
        return Findings(found, notes)
    try:
        pictures = tree.items.open_images(names, cache)
        vectors = tree.items.open_features(names, cache)
    except InputError as error:
        return Findings([*found, error.fault], notes)
    if pictures is None and vectors is None:
        found.append(
            Fault(tree.items.home, "neither images nor features", f"{IMAGE_FOLDER} or features/resnet34")
        )
    if pictures is not None:
        found += _check_pictures(pictures, cache)
    if vectors is not None:
        found += check_features(vectors, len(names))
        notes += [f"{vectors.path}: {odd}" for odd in odd_values(vectors, np.arange(len(names)), names)]
    return Findings(found, notes)
