"""Where the parts of a Polyvore-U tree lie, whichever of its layouts it has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...core.errors import Fault, FaultSink, InputError
from . import layout
from .catalog import Catalog
from .converted import ConvertedTuples
from .original import OriginalTuples
from .outfits import ReadOutfits
from .places import ItemPlaces

__all__ = ["Tree", "Tuples", "find_tree"]

_LAYOUTS = (OriginalTuples, ConvertedTuples)


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
        items: Where images and features lie.
        tuples: Its outfits.
    """

    items: ItemPlaces
    tuples: Tuples


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
                tree = [Tree(ItemPlaces(home), kind(folder, int(number[0]))) for home in homes]
                return next((one for one in tree if one.items.has_any()), tree[0])
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
