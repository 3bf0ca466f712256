"""What a release says, whatever its format: items, outfits, and who posted which."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...core.errors import FaultSink
from ...core.names import shown
from ..polyvore.number_rows import UnusableRow
from ..tables import NO_ITEM
from ..user_names import UserNames
from .listed_images import ListedImages

__all__ = ["OutfitsRead", "Posts", "UnusableSet"]

_MOST_INT8 = 127


class UnusableSet(UnusableRow):
    """A fault of a set that is a file of its own; the others can be used without it."""

    def counted(self, count: int) -> str:
        """What it is one of, for so many of them."""
        return f"set{'s' * (count != 1)}"


@dataclass(frozen=True, eq=False, kw_only=True)
class Posts:
    """A release.

    Attributes:
        categories: Names of the categories, ascending.
        item_names: One name an item.
        item_category: int8 or int16 (num_items,).
        outfits: int32 (M, K), items of each outfit; `NO_ITEM` behind the last one.
        users: int32 (N,), the user of each post; all 0 where nobody knows.
        posted: int64 (N,), the outfit of each post.
        parts: int8 (N,), the released split of each post, by number in `SPLITS`; None where none was.
        num_users: Users are 0 … num_users − 1.
        user_names: What the release calls them; None where nobody knows.
        anonymous: Whether nobody knows who posted what.
        image_files: The file of each item's image from the root, where it does not follow from its name.
        left_out: As in `Dataset`, beyond unusable rows.
        notes: As in `Dataset`, likewise.
    """

    categories: tuple[str, ...]
    item_names: Sequence[str]
    item_category: NDArray[np.signedinteger]
    outfits: NDArray[np.int32]
    users: NDArray[np.int32]
    posted: NDArray[np.int64]
    parts: NDArray[np.int8] | None = None
    num_users: int
    user_names: UserNames | None = None
    anonymous: bool = False
    image_files: Sequence[str] | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class OutfitsRead:
    """Outfits as they are read; unusable ones are reported and not kept.

    Args:
        categories: The category of each item by its name. What has none, or an empty one, makes its outfits
            unusable.
        faults: Where unusable outfits are reported.
        images: The images that are there: an item without one makes its outfits unusable. None to let every
            item pass.
    """

    def __init__(
        self, categories: Mapping[str, str], faults: FaultSink, images: ListedImages | None = None
    ) -> None:
        self._categories = categories
        self._faults = faults
        self._images = images
        self._numbers: dict[str, int] = {}
        self._items = array("i")
        self._starts = array("q", [0])

    def __len__(self) -> int:
        return len(self._starts) - 1

    def add(
        self,
        where: str,
        items: Sequence[str],
        fault: type[UnusableRow] = UnusableRow,
        image_of: Callable[[str], str] | None = None,
    ) -> bool:
        """Take in an outfit.

        Args:
            where: Its file and line.
            items: Names of its items.
            fault: What it is where it is unusable.
            image_of: The image of an item that no outfit before wore, by its path from the root; by default
                it follows from the item's name.

        Returns:
            Whether it was kept; its number is then that of those kept before.
        """
        wrong = self._wrong(items) or self._without_image(items, image_of)
        if wrong is not None:
            self._faults(fault(where, *wrong))
            return False
        self._items.extend(self._numbers.setdefault(item, len(self._numbers)) for item in items)
        self._starts.append(len(self._items))
        return True

    def _wrong(self, items: Sequence[str]) -> tuple[str, str] | None:
        """What was found and expected where an outfit is unusable."""
        if len(items) < 2:
            return ("a set of one item" if items else "a set without items"), "two items or more"
        if len(set(items)) < len(items):
            return "the same item twice", "an outfit of different items"
        for item in items:
            if not self._categories.get(item):
                return f"item {shown(item)}, of which no category is known", "items with a category"
        return None

    def _without_image(
        self, items: Sequence[str], image_of: Callable[[str], str] | None
    ) -> tuple[str, str] | None:
        """The same where an image is missing; items of outfits that were kept have theirs."""
        if self._images is None:
            return None
        image_of = image_of or self._images.file_of
        for item in items:
            if item not in self._numbers and (file := image_of(item)) not in self._images:
                return f"item {shown(item)}, whose image {shown(file)} is missing", "items with an image"
        return None

    def item_names(self) -> list[str]:
        """Names of the items of what was kept, in the order in which they first stand there."""
        return list(self._numbers)

    def item_category(self) -> tuple[tuple[str, ...], NDArray[np.signedinteger]]:
        """The categories of those items, ascending, and the number of each item's."""
        of_items = [self._categories[item] for item in self._numbers]
        return numbered(of_items)

    def table(self) -> NDArray[np.int32]:
        """Items of each outfit, int32 (M, K)."""
        starts = np.frombuffer(self._starts, np.int64)
        sizes = np.diff(starts)
        items = np.full((len(sizes), int(sizes.max(initial=0))), NO_ITEM, np.int32)
        items[np.arange(items.shape[1]) < sizes[:, None]] = np.frombuffer(self._items, np.int32)
        return items


def numbered(names: Collection[str]) -> tuple[tuple[str, ...], NDArray[np.signedinteger]]:
    """Different names, ascending, and the number of each one: int8, or int16 where int8 does not hold them.

    Example:
        >>> numbered(["shoe", "bag", "shoe"])
        (('bag', 'shoe'), array([1, 0, 1], dtype=int8))
    """
    kinds = tuple(sorted(set(names)))
    number = {kind: place for place, kind in enumerate(kinds)}
    width = np.int8 if len(kinds) <= _MOST_INT8 else np.int16
    return kinds, np.array([number[name] for name in names], width)
