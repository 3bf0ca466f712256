"""The photographs in a folder, by class and category."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.errors import Fault, FaultSink, refuse
from ...core.names import composed, nearest, shown
from ..images.digests import file_digests
from ..tables import CATEGORIES
from .classes import MAPPING_FILES, NO_CATEGORY, category_of, class_key, quoted, read_mapping
from .walk import PassedOver, class_folders

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
        idle_keys: Names in the user's mapping that no class has, each with the nearest that there are.
    """

    paths: Sequence[Path]
    item_names: Sequence[str]
    item_category: NDArray[np.int8]
    left_out: Mapping[str, int]
    passed_over: PassedOver
    idle_keys: Mapping[str, str]

    @property
    def notes(self) -> tuple[str, ...]:
        """What is passed over, and what the user says of no class: a sentence each, if any."""
        said = str(self.passed_over)
        passed = (f"passed over in the folder of photographs: {said}",) if said else ()
        idle = (
            f"no class has the name {shown(key)} in the mapping of classes; {close}"
            for key, close in self.idle_keys.items()
        )
        return (*passed, *idle)

    @property
    def classes_left_out(self) -> str:
        """The classes that fit no slot, with their numbers, for people; empty where there is none."""
        classes = ", ".join(f"{quoted(name)} ({number})" for name, number in self.left_out.items())
        return f"left out because they fit no slot: {classes}" if classes else ""

    def copies(self, cache: Path) -> tuple[str, ...]:
        """That files of several classes have the same bytes, as a sentence; empty where none have.

        Args:
            cache: Folder in which the files' hashes are remembered.

        Raises:
            InputError: If a file cannot be read.
        """
        same: dict[bytes, dict[str, str]] = defaultdict(dict)
        for path, name, digest in zip(
            self.paths, self.item_names, file_digests(self.paths, cache), strict=True
        ):
            same[digest.tobytes()].setdefault(composed(path.parent.name).casefold(), name)
        found = [list(names.values()) for names in same.values() if len(names) > 1]
        if not found:
            return ()
        count = "1 photograph lies" if len(found) == 1 else f"{len(found)} photographs lie"
        example = " and ".join(quoted(name) for name in found[0][:2])
        return (f"{count} in several classes with the same bytes (such as {example})",)


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
    classes: set[str] = set()
    for folder, names in class_folders(root, faults, passed):
        classes.add(class_key(folder.name))
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
        idle_keys={key: nearest(key, classes) for key in sorted(mapping.keys() - classes)},
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
