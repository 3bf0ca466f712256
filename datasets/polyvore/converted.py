"""Layout B: the converted release (LPAE), whose rows carry their own size and categories."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from ...core.errors import Fault, FaultSink
from ..splits import SPLITS
from ..tables import CATEGORIES, NO_ITEM
from .catalog import Catalog, check_names
from .number_rows import NumberRows, parse_rows
from .outfits import ReadOutfits
from .text_files import first_lines, read_text

__all__ = ["ITEMS_FILE", "ConvertedTuples"]

ITEMS_FILE = "items.json"
"""Names of the items, by category."""

_KINDS = {"random": "neg", "hard": "neg_hard"}
_LIST_NAMES = ("tops", "bottoms", "shoes")
_SHORTEST = 3
"""Slots of an outfit in a fixed-size set: 2 + 2 × 3 columns."""


class ConvertedTuples:
    """The outfits of a tree in the converted layout.

    Args:
        folder: The folder `tuples_<number of users>`.
        num_users: Users are 0 … num_users − 1.
    """

    release = "converted release"

    def __init__(self, folder: Path, num_users: int) -> None:
        self.folder = folder
        self.num_users = num_users

    @staticmethod
    def lies_in(folder: Path) -> bool:
        """Whether a folder holds this layout."""
        return any((folder / name).exists() for name in (ITEMS_FILE, *(f"{split}_pos" for split in SPLITS)))

    def positives(self, split: str) -> Path:
        """The file of a split's positives."""
        return self.folder / f"{split}_pos"

    def negatives(self, split: str, setting: str) -> Path:
        """The file of a split's negatives."""
        return self.folder / f"{split}_{_KINDS[setting]}"

    def read_catalog(self, faults: FaultSink) -> Catalog:
        """The items of all categories."""
        path = self.folder / ITEMS_FILE
        names: list[list[str] | None] = []
        for title, listed in zip(_LIST_NAMES, _parse_lists(path, faults), strict=True):
            if isinstance(listed, list) and listed and all(isinstance(name, str) for name in listed):
                check_names(listed, lambda index, title=title: f"{path} {title}[{index}]", faults)
                names.append(listed)
            else:
                names.append(None)
                if listed is not None:
                    faults(Fault(f"{path} {title}", "something else", "a list of one or more image names"))
        return Catalog(names)

    def read_outfits(self, path: Path, catalog: Catalog, faults: FaultSink) -> ReadOutfits | None:
        """The outfits of a file, or None if it cannot be read."""
        fields = self._fields
        data = read_text(path, f"a file of outfits ({','.join(fields)})", faults)
        if data is None:
            return None
        slots = len(fields) // 2 - 1
        rows = self._without_wrong(parse_rows(data, path, fields, faults), slots, catalog, faults)
        items, types = rows.values[:, 2 : 2 + slots], rows.values[:, 2 + slots :]
        ids = np.where(types == NO_ITEM, NO_ITEM, items + catalog.offsets[types])
        return ReadOutfits.of(rows, ids)

    def _without_wrong(self, rows: NumberRows, slots: int, catalog: Catalog, faults: FaultSink) -> NumberRows:
        """The rows whose sizes, items and types belong together."""
        users, sizes = rows.values[:, 0], rows.values[:, 1]
        items, types = rows.values[:, 2 : 2 + slots], rows.values[:, 2 + slots :]
        wrong_size = (sizes < 2) | (sizes > slots)
        filled = np.arange(slots) < sizes[:, None]
        known_type = (types >= 0) & (types < len(CATEGORIES))
        counts = catalog.counts[np.where(known_type, types, 0)]
        past_the_list = (items < 0) | (known_type & (items >= counts))
        wrong = np.column_stack(
            [
                (users < 0) | (users >= self.num_users),
                wrong_size,
                np.where(filled, past_the_list, items != NO_ITEM) & ~wrong_size[:, None],
                np.where(filled, ~known_type, types != NO_ITEM) & ~wrong_size[:, None],
            ]
        )
        listed = ", ".join(f"{n} {title}" for n, title in zip(catalog.counts, _LIST_NAMES, strict=True))
        expected = [
            f"a user from 0 to {self.num_users - 1}",
            f"a size from 2 to {slots}",
            *[f"an item of its category's list ({listed}), or -1 past the outfit's size"] * slots,
            *["0 top, 1 bottom or 2 shoe, or -1 past the outfit's size"] * slots,
        ]
        return rows.without(wrong, expected, faults)

    @cached_property
    def _fields(self) -> tuple[str, ...]:
        """Names of the columns: as many as the first row of the positives has, if that makes sense."""
        slots = _SHORTEST
        for split in SPLITS:
            columns = first_lines(self.positives(split), 1)[0].count(b",") + 1
            if columns % 2 == 0 and columns >= 2 + 2 * _SHORTEST:
                slots = columns // 2 - 1
                break
        items = (f"item_{slot + 1}" for slot in range(slots))
        types = (f"type_{slot + 1}" for slot in range(slots))
        return ("uid", "size", *items, *types)


def _parse_lists(path: Path, faults: FaultSink) -> Sequence[object]:
    """What the file of items holds for each category; None where the file itself is reported."""
    expected = "three lists of image names: tops, bottoms, shoes"
    unread = [None] * len(CATEGORIES)
    data = read_text(path, expected, faults)
    if data is None:
        return unread
    try:
        lists = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        faults(Fault(path, f"no JSON ({error})", expected))
        return unread
    if not isinstance(lists, list) or len(lists) != len(CATEGORIES) or None in lists:
        faults(Fault(path, "something else", expected))
        return unread
    return lists
