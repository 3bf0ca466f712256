"""A walk through a folder of photographs: which folders hold images, and what is passed over."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...core.errors import Fault, FaultSink
from ...core.names import composed
from ..images.decode import is_image
from .classes import MAPPING_FILES, quoted

__all__ = ["PassedOver", "class_folders"]

_SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
"""Files so named are images by their own word: a broken one is a fault, not something else."""

_LEFT_BEHIND = {"#recycle", "$recycle.bin", "@eadir", "__macosx", "__pycache__", "lost+found"}
"""Folders that sync tools, archives and file systems leave behind, in lower case."""


_PLURALS = {
    "file without a suffix": "files without a suffix",
    "image in no class folder": "images in no class folder",
    "image of no category": "images of no category",
    "link to a folder that holds it": "links to folders that hold them",
    "link to nothing": "links to nothing",
    "second way to a folder": "second ways to a folder",
    "special file": "special files",
}
"""What is passed over and has no suffix to be named by, where there are several."""


@dataclass(frozen=True)
class PassedOver:
    """What is left out of a folder, by kind.

    Attributes:
        found: Paths from the root, by kind: a suffix, or what else it is.

    Example:
        >>> passed = PassedOver()
        >>> passed.add(".heic", "shoes/1.heic"), passed.add(".heic", "shoes/2.heic")
        (None, None)
        >>> str(passed)
        '2 .heic (such as shoes/1.heic)'
    """

    found: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, kind: str, name: str) -> None:
        """Count one more."""
        self.found[kind].append(name)

    def __str__(self) -> str:
        """Each kind with its number and an example; empty where nothing was left out."""
        parts = []
        for kind, names in self.found.items():
            called = kind if len(names) == 1 else _PLURALS.get(kind, kind)
            parts.append(f"{len(names)} {called} (such as {quoted(min(names))})")
        return ", ".join(sorted(parts))


def class_folders(root: Path, faults: FaultSink, passed: PassedOver) -> Iterator[tuple[Path, list[str]]]:
    """Folders below the root that hold images, with the images' names.

    Links to folders are followed after everything else, each folder being read once, whatever leads to it.
    Hidden files and folders, and those that sync tools leave behind, are passed over by their names.

    Args:
        root: Where to begin.
        faults: Told of each folder or name that cannot be read, and of names that are one in NFC.
        passed: Told of everything else that is left out.
    """

    def unreadable(error: OSError) -> None:
        faults(Fault(error.filename, (error.strerror or str(error)).lower(), "a folder that can be read"))

    above = {root.resolve(), *root.resolve().parents}
    seen: set[str] = set()
    starts = [root]
    while starts:
        links: list[Path] = []
        for start in starts:
            if start is not root and start.resolve() in above:
                passed.add("link to a folder that holds it", _within(root, start))
                continue
            for name, inside, files in os.walk(start, onerror=unreadable):
                folder = Path(name)
                if not _is_new(folder, seen):
                    passed.add("second way to a folder", _within(root, folder))
                    inside.clear()
                    continue
                wanted = {file for file in files if _is_wanted(root, folder / file, faults, passed)}
                kept = {child for child in inside if not _is_left_behind(child)}
                sound = _sound_names(folder, wanted | kept, faults)
                images = [file for file in sound if file in wanted]
                linked = {child for child in kept.intersection(sound) if (folder / child).is_symlink()}
                links += [folder / child for child in linked]
                inside[:] = [child for child in sound if child in kept and child not in linked]
                if images and folder == root:
                    for file in images:
                        passed.add("image in no class folder", file)
                elif images:
                    yield folder, images
        starts = sorted(links, key=lambda link: (_hops(link), link))


def _hops(link: Path) -> int:
    """Links from here to the folder: of its several names, the nearest tells the class."""
    count = 0
    while link.is_symlink():
        link, count = link.parent / link.readlink(), count + 1
    return count


def _is_new(folder: Path, seen: set[str]) -> bool:
    """Whether a folder is met for the first time; it is then remembered."""
    identity = os.path.realpath(folder)
    known = identity in seen
    seen.add(identity)
    return not known


def _is_left_behind(name: str) -> bool:
    return name.startswith(".") or name.casefold() in _LEFT_BEHIND


def _sound_names(folder: Path, names: Iterable[str], faults: FaultSink) -> list[str]:
    """The names that are text and one name only, sorted; a fault for each other."""
    sound: dict[str, str] = {}
    for name in sorted(names):
        if any("\ud800" <= letter <= "\udfff" for letter in name):  # what Python makes of other bytes
            said = os.fsencode(name).decode("utf-8", "backslashreplace")
            faults(Fault(folder, f"the file name '{said}', not UTF-8", "a name in UTF-8", "rename it"))
        elif (twin := sound.setdefault(composed(name), name)) != name:
            both = f"{twin!a} and {name!a}, one name in two Unicode forms"
            faults(Fault(folder, both, "each name once", "rename or remove one of them"))
    return list(sound.values())


def _is_wanted(root: Path, path: Path, faults: FaultSink, passed: PassedOver) -> bool:
    """Whether a file is an image, by its suffix or its bytes; if not, it is counted, unless it is hidden."""
    suffix = path.suffix.lower()
    if path.name.startswith("."):
        return False
    if suffix in _SUFFIXES:
        return True
    if path.parent == root and path.name in MAPPING_FILES:
        return False
    if not path.is_file():
        passed.add("link to nothing" if path.is_symlink() else "special file", _within(root, path))
        return False
    try:
        found = is_image(path)
    except OSError as error:
        faults(Fault(path, (error.strerror or str(error)).lower(), "a file that can be read"))
        return False
    if not found:
        passed.add(suffix or "file without a suffix", _within(root, path))
    return found


def _within(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
