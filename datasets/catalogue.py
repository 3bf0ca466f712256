"""A shop's catalogue: items with a category and an image or a feature vector each, as a stream.

It is a folder of images or a Parquet file. Other than a dataset it has no users and no outfits, may be far
larger than memory, and may hold items that are broken: each is read when its turn comes, and says itself what
is wrong with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.errors import Fault, InputError, refuse
from ..core.names import composed, unknown_name
from ..core.parquet import open_parquet
from .catalogue_columns import ROWS_AT_ONCE, ImageColumn, SeenColumn, VectorColumn
from .photos.classes import MAPPING_FILES, NO_CATEGORY, category_of, class_key, read_mapping
from .photos.walk import PassedOver, class_folders

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Catalogue", "CatalogueItem", "open_catalogue"]

_COLUMNS = {"item": "its name", "category": "one of the model's"}


@dataclass(frozen=True)
class CatalogueItem:
    """An item, its image not yet read.

    Attributes:
        name: Unique in its catalogue.
        category: By number in the model's categories; −1 where `content` is a fault.
        content: The file of its image, or the file's bytes, or its feature vector, float32 (F,), or what is
            wrong with the item.
    """

    name: str
    category: int
    content: Path | bytes | NDArray[np.float32] | Fault

    def read(self) -> bytes | NDArray[np.float32]:
        """The bytes of its image, or its feature vector.

        Raises:
            InputError: If it has none, or the file is missing or cannot be read.
        """
        match self.content:
            case Path() as path:
                try:
                    return path.read_bytes()
                except OSError as error:
                    reason = (error.strerror or str(error)).lower()
                    raise InputError(Fault(path, reason, "a readable file")) from error
            case Fault() as fault:
                raise InputError(fault)
            case content:
                return content


class Catalogue(Protocol):
    """Items in an order that stays."""

    @property
    def notes(self) -> Sequence[str]:
        """What is left out of it, a sentence each."""
        ...

    def __len__(self) -> int: ...

    def items(self) -> Iterator[CatalogueItem]:
        """Every item in its order, from the first."""
        ...

    def key(self, first: int, stop: int) -> str:
        """Hash that changes whenever the items `first` … `stop` − 1, or their images, may have changed.

        The last of a catalogue may be fewer.
        """
        ...

    def part(self, first: int, stop: int) -> Catalogue:
        """The items `first` … `stop` − 1 by themselves, as they can be read on another machine.

        They have the key that they have here, if the files are the same there.
        """
        ...

    def change(self) -> str:
        """Which items it has now and had not when it was opened, or the other way round; empty if none."""
        ...


def open_catalogue(source: Path, categories: Sequence[str], vector_size: int | None = None) -> Catalogue:
    """The items of a folder or a Parquet file.

    Args:
        source: A folder with a folder of images for each class, at any depth, named by a category or a class
            of garments (`photos.classes`); or a Parquet file with the columns item, category and image, or
            features in its place.
        categories: The model's, by number.
        vector_size: F, where the model sees feature vectors, which only a Parquet file has; None where it
            sees images.

    Raises:
        InputError: If it cannot be read, has no items, has a class of an unknown category, lacks a column, or
            holds vectors of another width.
    """
    if vector_size is None:
        column, wanted = ImageColumn(), "a folder of images or a Parquet file"
        if source.is_dir():
            return _FolderCatalogue(source, categories)
    else:
        column = VectorColumn(vector_size)
        wanted = f"a Parquet file with the columns item, category and {column.name} ({column.holds})"
        if source.is_dir():
            raise InputError(Fault(source, "a folder, and a model of features, which sees no images", wanted))
    if not source.exists():
        raise InputError(Fault(source, "nothing", wanted))
    return _ParquetCatalogue(source, categories, column)


class _FolderCatalogue:
    """An item for each image file, named by its path from the root."""

    def __init__(self, root: Path, categories: Sequence[str]) -> None:
        self._root, self._categories = root, categories
        self._items, self.notes = _listed(root, categories)
        if not self._items:
            found = f"no image of a category ({'; '.join(self.notes)})" if self.notes else "no image"
            raise InputError(Fault(root, found, "images in a folder a class, such as top/x.jpg"))

    def __len__(self) -> int:
        return len(self._items)

    def items(self) -> Iterator[CatalogueItem]:
        return iter(self._items)

    def key(self, first: int, stop: int) -> str:
        return _key((item.name, item.category, *_stamp(item.content)) for item in self._items[first:stop])

    def part(self, first: int, stop: int) -> Catalogue:
        part = copy(self)
        part._items = [
            replace(item, content=item.content.absolute()) if isinstance(item.content, Path) else item
            for item in self._items[first:stop]
        ]
        return part

    def change(self) -> str:
        before = {item.name for item in self._items}
        after = {item.name for item in _listed(self._root, self._categories)[0]}
        counts = {"new": len(after - before), "missing": len(before - after)}
        found = [f"{count} {kind}" for kind, count in counts.items() if count]
        return f"{' and '.join(found)} images" if found else ""


class _ParquetCatalogue:
    """An item a row."""

    notes: Sequence[str] = ()

    def __init__(self, path: Path, categories: Sequence[str], column: SeenColumn) -> None:
        self._path, self._called = path.absolute(), path
        self._number = {name: number for number, name in enumerate(categories)}
        self._column, self._columns = column, {**_COLUMNS, column.name: column.holds}
        file = open_parquet(path, self._columns)
        self._first, self._length = 0, file.metadata.num_rows
        if not self._length:
            raise InputError(Fault(path, "no rows", "an item a row"))
        column.check(file, path)

    def __len__(self) -> int:
        return self._length

    def items(self) -> Iterator[CatalogueItem]:
        for row, rows in self._batches():
            named = (rows.column(name).to_pylist() for name in _COLUMNS)
            values = self._column.values(rows.column(self._column.name))
            for number, (item, category, value) in enumerate(zip(*named, values, strict=True), row + 1):
                yield self._item(number, item, category, value)

    def _batches(self) -> Iterator[tuple[int, pyarrow.RecordBatch]]:
        """The rows that are its own, some at a time, and how many of the file come before these.

        Groups of rows before its first are not read; of its first group, what comes before it is.
        """
        file = open_parquet(self._path, self._columns)
        row = group = 0
        while row + (rows := file.metadata.row_group(group).num_rows) <= self._first:
            row, group = row + rows, group + 1
        groups = list(range(group, file.num_row_groups))
        stop = self._first + self._length
        for batch in file.iter_batches(ROWS_AT_ONCE, row_groups=groups, columns=list(self._columns)):
            own = range(max(row, self._first), min(row + len(batch), stop))
            if own:
                yield own.start, batch.slice(own.start - row, len(own))
            row += len(batch)
            if row >= stop:
                return

    def _item(self, row: int, item: Any, category: Any, value: Any) -> CatalogueItem:  # noqa: ANN401
        where = f"{self._called}, row {row}"
        if item is None:
            return CatalogueItem(where, -1, Fault(where, "no item", "an item's name"))
        fault = self._column.fault(value, where)
        number = self._number.get(str(category), -1)  # POG's are numbers
        if fault is None and number < 0:
            fault = unknown_name("a category of the model", str(category), self._number, where)
        return CatalogueItem(str(item), number if fault is None else -1, fault or value)

    def key(self, first: int, stop: int) -> str:
        own = self._first + first, self._first + stop
        return _key([(str(self._path), *own, *_stamp(self._path))])

    def part(self, first: int, stop: int) -> Catalogue:
        part = copy(self)
        part._first, part._length = self._first + first, min(stop, self._length) - first
        return part

    def change(self) -> str:
        return ""  # of a file, the keys tell


def _listed(root: Path, categories: Sequence[str]) -> tuple[list[CatalogueItem], list[str]]:
    """The items of a folder by name, and what is passed over."""
    number = {class_key(name): place for place, name in enumerate(categories)}
    mapping, passed = read_mapping(root), PassedOver()
    items: dict[str, CatalogueItem] = {}
    for folder, files in class_folders(root, refuse, passed):
        category = class_key(folder.name)
        if category not in number:
            category = category_of(folder.name, mapping) or category
        for path in (folder / file for file in files):
            name = composed(path.relative_to(root).as_posix())
            if category == NO_CATEGORY:
                passed.add("image of no category", name)
            elif category not in number:
                fix = f"name its category, or none, in {root / MAPPING_FILES[0]}"
                kind = "a class whose category the model knows"
                raise InputError(unknown_name(kind, folder.name, categories, folder, fix))
            else:
                items[name] = CatalogueItem(name, number[category], path)
    said = [f"passed over in {root}: {passed}"] if str(passed) else []
    return [items[name] for name in sorted(items)], said


def _stamp(image: object) -> tuple[int, int]:
    """Size and time of a file; of one that is gone, numbers that no file has."""
    assert isinstance(image, Path)
    try:
        status = image.stat()
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


def _key(parts: Iterator[tuple[object, ...]] | list[tuple[object, ...]]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(repr(part).encode())
    return digest.hexdigest()
