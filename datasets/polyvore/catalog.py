"""The items of a tree: image names by category, and the global ids made of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath, PureWindowsPath

import numpy as np
from numpy.typing import NDArray

from ...core.errors import Fault, FaultSink
from ...core.names import composed, shown
from ..tables import CATEGORIES

__all__ = ["Catalog", "check_names", "is_file_name"]

_UNBOUNDED = 1 << 28
"""Size of a category whose list cannot be read: any number then passes for an item of it."""

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


@dataclass(frozen=True, eq=False)
class Catalog:
    """Items by category, numbered from 0 in each. A global id is that number plus the category's offset.

    Attributes:
        names: For each category its items' image names, or None where the list cannot be read.

    Example:
        >>> catalog = Catalog([["a.jpg", "b.jpg"], ["c.jpg"], ["d.jpg", "e.jpg"]])
        >>> catalog.offsets.tolist(), catalog.item_category.tolist()
        ([0, 2, 3], [0, 0, 1, 2, 2])
    """

    names: Sequence[list[str] | None]

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Items in each category, int64 (categories,)."""
        return np.array([_UNBOUNDED if names is None else len(names) for names in self.names], np.int64)

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """Global id of each category's item 0, int64 (categories,)."""
        return np.cumsum(self.counts) - self.counts

    @property
    def item_names(self) -> list[str]:
        """The name of each item, by global id."""
        return [name for names in self.names for name in names or ()]

    @property
    def item_category(self) -> NDArray[np.int8]:
        """The category of each item, int8 (num_items,)."""
        listed = [len(names or ()) for names in self.names]
        return np.repeat(np.arange(len(listed), dtype=np.int8), listed)

    def expected_item(self, category: int) -> str:
        """What an item number of a category may be, for messages."""
        return f"a {CATEGORIES[category]} from 0 to {self.counts[category] - 1}"


def check_names(names: Sequence[str], where: Callable[[int], str], faults: FaultSink) -> None:
    """Report the names of a list that are no plain file names, and those that stand in it twice.

    Args:
        names: Image names.
        where: Names the place of the name with some index, for messages.
        faults: Where each fault is reported.
    """
    for index, name in enumerate(names):
        if not is_file_name(name):
            expected = "a file name inside the image folder"
            found = f"the image name {shown(name)}" if name else "no image name"
            faults(Fault(where(index), found, expected))
    # Two Unicode forms of one name would be one file on some systems and two on others.
    forms = [composed(name) for name in names]
    if len(set(forms)) < len(names):
        first: dict[str, int] = {}
        for index, (name, form) in enumerate(zip(names, forms, strict=True)):
            if first.setdefault(form, index) != index:
                found = f"the image name {shown(name)} that stands at {where(first[form])} too"
                faults(Fault(where(index), found, "each image once"))


def is_file_name(name: str) -> bool:
    """Whether a name can be a file's and leads out of no folder, read as a path of any system.

    Example:
        >>> [is_file_name(name) for name in ("a.jpg", "../a.jpg", "/a.jpg", "C:a.jpg", "")]
        [True, False, False, False, False]
    """
    if _PLAIN_NAME.fullmatch(name):
        return True
    paths = PurePosixPath(name), PureWindowsPath(name)
    return (
        name.strip() not in ("", ".")
        and name.isprintable()
        and not any(path.drive or path.root or ".." in path.parts for path in paths)
    )
