"""The photographs in a folder, by class and category."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import Fault, FaultSink, refuse
from .classes import MAPPING_FILES, NO_CATEGORY, PHOTO_CATEGORIES, category_of, read_mapping

__all__ = ["LEAST_PHOTOS", "PhotoFolder", "find_photos"]

LEAST_PHOTOS = 13
"""Photographs a category needs, so that its items can be dealt 9 : 2 : 2."""

_SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


@dataclass(frozen=True, eq=False)
class PhotoFolder:
    """The photographs that can be worn.

    Attributes:
        paths: The files: tops, bottoms, shoes, each by class and name.
        item_names: Each file's path from the root.
        item_category: int8 (n,), by number in `PHOTO_CATEGORIES`.
        left_out: Number of photographs in each class that fits no slot.
    """

    paths: Sequence[Path]
    item_names: Sequence[str]
    item_category: NDArray[np.int8]
    left_out: Mapping[str, int]


def find_photos(root: Path, faults: FaultSink = refuse) -> PhotoFolder:
    """Find class folders at any depth: a folder that holds images is a class by its name.

    Hidden files and folders, and files that are no images by their suffix, are passed over.

    Args:
        root: A folder such as `train/t-shirt/x.jpg`, or `t-shirt/x.jpg`, lies in.
        faults: Told of each class that is unknown, each folder or file name that cannot be read, and each
            category with too few photographs.

    Raises:
        InputError: If the user's mapping of classes is not sound, or `faults` refuses.
    """
    mapping = read_mapping(root)
    worn: list[tuple[int, str]] = []
    left_out: Counter[str] = Counter()
    for folder, names in _class_folders(root, faults):
        category = category_of(folder.name, mapping)
        if category is None:
            faults(_unknown_class(root, folder))
        elif category == NO_CATEGORY:
            left_out[folder.name] += len(names)
        else:
            number = PHOTO_CATEGORIES.index(category)
            worn += [(number, (folder / name).relative_to(root).as_posix()) for name in names]
    _check_numbers(root, Counter(number for number, _ in worn), faults)
    worn.sort()
    return PhotoFolder(
        paths=[root / name for _, name in worn],
        item_names=[name for _, name in worn],
        item_category=np.array([number for number, _ in worn], np.int8),
        left_out=dict(sorted(left_out.items())),
    )


def _class_folders(root: Path, faults: FaultSink) -> Iterator[tuple[Path, list[str]]]:
    """Folders that hold images, with the images' names."""

    def report(error: OSError) -> None:
        faults(Fault(error.filename, (error.strerror or str(error)).lower(), "a folder that can be read"))

    for folder, inside, files in os.walk(root, onerror=report):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        images = []
        for name in filter(_is_image, sorted(files)):
            if _is_utf8(name):
                images.append(name)
            else:
                shown = os.fsencode(name).decode("utf-8", "backslashreplace")
                faults(Fault(folder, f"the file name '{shown}', not UTF-8", "a name in UTF-8", "rename it"))
        if images:
            yield Path(folder), images


def _is_utf8(name: str) -> bool:
    return not any("\udc80" <= letter <= "\udcff" for letter in name)  # what Python makes of other bytes


def _is_image(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in _SUFFIXES


def _unknown_class(root: Path, folder: Path) -> Fault:
    fix = f'write "{folder.name}" = "top", "bottom", "shoe" or "none" into {root / MAPPING_FILES[0]}'
    return Fault(folder, f"the class {folder.name!r}", "a class whose category is known", fix)


def _check_numbers(root: Path, found: Counter[int], faults: FaultSink) -> None:
    if not found:
        faults(Fault(root, "no photographs", "images in a folder a class, such as t-shirt/x.jpg"))
        return
    for number, category in enumerate(PHOTO_CATEGORIES):
        if found[number] < LEAST_PHOTOS:
            expected = f"at least {LEAST_PHOTOS} photographs of each of {', '.join(PHOTO_CATEGORIES)}"
            faults(Fault(root, f"{found[number]} photographs of category {category}", expected))
