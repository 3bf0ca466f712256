"""Layout A: the original release, rows of item numbers under a header, one image list a category."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.errors import Fault, FaultSink
from ..splits import SPLITS
from ..tables import CATEGORIES, NO_ITEM
from . import layout
from .catalog import Catalog, check_names
from .number_rows import NumberRows, parse_rows
from .outfits import ReadOutfits
from .text_files import excerpt, first_lines, read_lines, read_text

__all__ = ["OriginalTuples"]

_HEADERS = {",".join(columns): columns for columns in (layout.FIXED_HEADER, layout.VARIABLE_HEADER)}


class OriginalTuples:
    """The outfits of a tree in the original layout.

    Args:
        folder: The folder `tuples_<number of users>`.
        num_users: Users are 0 … num_users − 1.
    """

    release = "original release"

    def __init__(self, folder: Path, num_users: int) -> None:
        self.folder = folder
        self.num_users = num_users

    @staticmethod
    def lies_in(folder: Path) -> bool:
        """Whether a folder holds this layout."""
        lists = (layout.image_list(category) for category in CATEGORIES)
        tuples = (layout.positives_file(split) for split in SPLITS)
        return any((folder / name).exists() for name in (*lists, *tuples))

    def positives(self, split: str) -> Path:
        """The file of a split's positives."""
        return self.folder / layout.positives_file(split)

    def negatives(self, split: str, setting: str) -> Path:
        """The file of a split's negatives."""
        return self.folder / layout.negatives_file(split, setting)

    def read_catalog(self, faults: FaultSink) -> Catalog:
        """The items of all categories."""
        return Catalog([self._read_names(category, faults) for category in CATEGORIES])

    def read_outfits(self, path: Path, catalog: Catalog, faults: FaultSink) -> ReadOutfits | None:
        """The outfits of a file, or None if it cannot be read."""
        expected = ",".join(self._columns)
        data = read_text(path, f"a file of outfits ({expected})", faults)
        if data is None:
            return None
        header, _, body = data.partition(b"\n")
        if not data:
            faults(Fault(path, "an empty file", f"the header {expected}"))
            return None
        if header.replace(b" ", b"") != expected.encode():
            faults(Fault(f"{path}:1", excerpt(header), f"the header {expected}"))
            if body.partition(b"\n")[0].count(b",") != expected.count(","):
                return None  # another kind of file: every row would be told as wrong
        rows = parse_rows(body, path, self._columns, faults, first_line=2)
        rows = self._without_wrong(rows, catalog, faults)
        items = rows.values[:, 1:]
        ids = np.where(items == NO_ITEM, NO_ITEM, items + catalog.offsets[self._categories])
        return ReadOutfits.of(rows, ids)

    def _without_wrong(self, rows: NumberRows, catalog: Catalog, faults: FaultSink) -> NumberRows:
        """The rows whose users and items exist."""
        users, items = rows.values[:, 0], rows.values[:, 1:]
        may_lack = np.r_[False, self._categories[1:] == self._categories[:-1]]
        outside = (items < 0) | (items >= catalog.counts[self._categories])
        wrong = np.column_stack(
            [(users < 0) | (users >= self.num_users), outside & ~(may_lack & (items == NO_ITEM))]
        )
        expected = [
            catalog.expected_item(category) + ", or -1" * lacking
            for category, lacking in zip(self._categories.tolist(), may_lack.tolist(), strict=True)
        ]
        return rows.without(wrong, [f"a user from 0 to {self.num_users - 1}", *expected], faults)

    @property
    def _categories(self) -> NDArray[np.int64]:
        """The category of each slot."""
        return np.array([CATEGORIES.index(name) for name in self._columns[1:]])

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        """The header of the tree: the first known one of its positives that fits the row below it."""
        known: list[tuple[str, ...]] = []
        for split in SPLITS:
            header, row = first_lines(self.positives(split), 2)
            columns = _HEADERS.get(header.replace(b" ", b"").decode("ascii", "replace"))
            if columns is not None and row.count(b",") + 1 == len(columns):
                return columns
            known += [columns] if columns is not None else []
        return known[0] if known else layout.FIXED_HEADER

    def _read_names(self, category: str, faults: FaultSink) -> list[str] | None:
        path = self.folder / layout.image_list(category)
        lines = read_lines(path, "a list of image names, one a line", faults)
        if lines is None:
            return None
        names: list[str] = []
        for number, line in enumerate(lines, 1):
            try:
                names.append(line.decode())
            except UnicodeDecodeError:
                faults(Fault(f"{path}:{number}", f"{excerpt(line)}, not UTF-8", "an image name in UTF-8"))
                names.append(line.decode("utf-8", "backslashreplace"))
        check_names(names, lambda index: f"{path}:{index + 1}", faults)
        return names
