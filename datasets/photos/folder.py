"""The photographs in a folder, by class and category."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.errors import Fault, FaultSink, refuse
from ...core.names import shown
from ..tables import CATEGORIES
from .classes import MAPPING_FILES, NO_CATEGORY, category_of, read_mapping
from .walk import PassedOver, class_folders, composed

__all__ = ["LEAST_PHOTOS", "PhotoFolder", "find_photos"]

LEAST_PHOTOS = 13
"""Photographs a category needs, so that its items can be dealt 9 : 2 : 2."""


@dataclass(frozen=True, eq=False)
class PhotoFolder:
    """The photographs that can be worn.

    Attributes:
        paths: The files: tops, bottoms, shoes, each by class and name.
        item_names: Each file's path from the root, in Unicode's form NFC.
        item_category: int8 (n,), by number in `CATEGORIES`.
        left_out: Number of photographs in each class that fits no slot.
        passed_over: What lies in the folder and is no photograph of a class.
    """

    paths: Sequence[Path]
    item_names: Sequence[str]
    item_category: NDArray[np.int8]
    left_out: Mapping[str, int]
    passed_over: PassedOver

    @property
    def notes(self) -> tuple[str, ...]:
        """What is passed over, as a sentence; empty where nothing is."""
        said = str(self.passed_over)
        return (f"passed over in the folder of photographs: {said}",) if said else ()


def find_photos(root: Path, faults: FaultSink = refuse) -> PhotoFolder:
    """Find class folders at any depth: a folder that holds images is a class by its name.

    What can be decoded is read, whatever its suffix; links to folders are followed. Hidden files and folders
    are passed over, and those that sync tools leave behind; everything else that is left out is counted.

    Args:
        root: A folder such as `train/t-shirt/x.jpg`, or `t-shirt/x.jpg`, lies in.
        faults: Told of each class that is unknown, each folder or name that cannot be read, names that are
            one in NFC, and each category with too few photographs.

    Raises:
        InputError: If the user's mapping of classes is not sound, or `faults` refuses.
    """
    mapping = read_mapping(root)
    passed = PassedOver()
    worn: list[tuple[int, str, Path]] = []
    left_out: Counter[str] = Counter()
    for folder, names in class_folders(root, faults, passed):
        category = category_of(folder.name, mapping)
        if category is None:
            faults(_unknown_class(root, folder))
        elif category == NO_CATEGORY:
            left_out[composed(folder.name)] += len(names)
        else:
            number = CATEGORIES.index(category)
            paths = (folder / name for name in names)
            worn += [(number, composed(path.relative_to(root).as_posix()), path) for path in paths]
    _check_numbers(root, Counter(number for number, *_ in worn), passed, faults)
    worn.sort()
    return PhotoFolder(
        paths=[path for *_, path in worn],
        item_names=[name for _, name, _ in worn],
        item_category=np.array([number for number, *_ in worn], np.int8),
        left_out=dict(sorted(left_out.items())),
        passed_over=passed,
    )


def _unknown_class(root: Path, folder: Path) -> Fault:
    fix = f'write {_as_key(folder.name)} = "top", "bottom", "shoe" or "none" into {root / MAPPING_FILES[0]}'
    where = shown(str(folder)) if folder.name != folder.name.strip() else folder
    return Fault(where, f"the class {shown(folder.name)}", "a class whose category is known", fix)


def _as_key(name: str) -> str:
    """A class's name as TOML and JSON both read it."""
    return json.dumps(name, ensure_ascii=not name.isprintable()).replace("\x7f", "\\u007f")


def _check_numbers(root: Path, found: Counter[int], passed: PassedOver, faults: FaultSink) -> None:
    fix = f"passed over: {passed}" if str(passed) else ""
    if not found:
        faults(Fault(root, "no photographs", "images in a folder a class, such as t-shirt/x.jpg", fix))
        return
    for number, category in enumerate(CATEGORIES):
        if found[number] < LEAST_PHOTOS:
            expected = f"at least {LEAST_PHOTOS} photographs of each of {', '.join(CATEGORIES)}"
            faults(Fault(root, f"{found[number]} photographs of category {category}", expected, fix))
