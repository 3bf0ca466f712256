"""All that is wrong with a dataset's files, not only the first thing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .cache import cache_folder
from .dataset import SETTINGS, FeatureSource
from .errors import Fault, InputError
from .images.decode import decode
from .images.folder import FolderImages
from .images.source import ImageSource
from .parallel import map_on_all_cores
from .photos import find_photos
from .polyvore.catalog import is_file_name
from .polyvore.contents import read_contents, read_negatives
from .polyvore.layout import IMAGE_FOLDER, SPLITS
from .polyvore.tree import find_tree
from .registry import PHOTOS, require_root, tree_root

__all__ = ["check_dataset", "check_features", "check_images", "check_tree"]

_TRIAL_SIZE = 32
"""Pixels to which each image is decoded to see whether it can be."""


def check_dataset(name: str, root: Path | str | None = None, *, cache: Path | None = None) -> list[Fault]:
    """All faults of a dataset's files: lists, outfits, released negatives, and every image or feature.

    Training negatives are not looked at, for nothing reads them.

    Args:
        name: A name that `load_dataset` knows.
        root: As for `load_dataset`.
        cache: As for `load_dataset`.
    """
    cache = cache_folder() if cache is None else Path(cache)
    try:
        if name == PHOTOS:
            return _check_photos(require_root(name, root), cache)
        return check_tree(tree_root(name, root, cache), name, cache)
    except InputError as error:
        return [error.fault]


def check_images(source: ImageSource) -> list[Fault]:
    """A fault for each image that is missing or cannot be decoded."""

    def try_image(index: int) -> None:
        decode(source.read(index), source.names[index], _TRIAL_SIZE)

    return _check_each(try_image, len(source.names), "Checking images")


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


def _check_photos(root: Path, cache: Path) -> list[Fault]:
    found: list[Fault] = []
    photos = find_photos(root, found.append)
    return found + check_images(FolderImages(photos.paths, cache))


def check_tree(root: Path, name: str, cache: Path) -> list[Fault]:
    """All faults of a Polyvore-U tree.

    Raises:
        InputError: If there is no such tree.
    """
    found: list[Fault] = []
    tree = find_tree(root, name)
    contents = read_contents(tree.tuples, found.append)
    for split, setting in itertools.product(SPLITS[1:], SETTINGS):
        read_negatives(tree.tuples, contents, split, setting, found.append)
    names = [name for name in contents.catalog.item_names if is_file_name(name)]
    if not names:
        return found
    try:
        pictures = tree.open_images(names, cache)
        vectors = tree.open_features(names, cache)
    except InputError as error:
        return [*found, error.fault]
    if pictures is None and vectors is None:
        found.append(Fault(tree.home, "neither images nor features", f"{IMAGE_FOLDER} or features/resnet34"))
    if pictures is not None:
        found += check_images(pictures)
    if vectors is not None:
        found += check_features(vectors, len(names))
    return found
