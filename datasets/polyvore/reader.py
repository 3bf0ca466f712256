"""From a Polyvore-U tree on disk to a dataset."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..dataset import Dataset
from ..encoded_features import EncodedFeatures
from ..fingerprint import content_fingerprint
from ..splits import SPLITS, Rows, check_scheme, halve, named_splits, resplit
from ..tables import CATEGORIES, SETTINGS, OutfitTable
from .contents import Contents, read_contents, read_negatives
from .features import LmdbFeatures, odd_values
from .left_out import RowSink, say_repeated
from .tree import Tuples, find_tree

__all__ = ["read_tree"]

_LOOKED_AT = 64
"""Vectors looked at when a tree is loaded; `data check` looks at all."""


def read_tree(
    root: Path, name: str, *, split: str = "released", cache: Path, skip_unusable: bool = False
) -> Dataset:
    """Read a tree in either layout.

    Rows that repeat an earlier one are left out, counted and said (`Dataset.left_out`, `Dataset.notes`).

    Args:
        root: The folder that holds `tuples_<number of users>`, or its `original` in the converted release.
        name: The dataset's name; the number in it is the number of users.
        split: "released", or "9:2:2" to split all outfits anew.
        cache: Folder for what is derived.
        skip_unusable: Whether rows that cannot be used are left out, counted and said like repeated ones.

    Raises:
        InputError: At the first fault of the tree.
    """
    check_scheme(split)
    tree = find_tree(root, name)
    sink = RowSink(skip_unusable)
    contents = read_contents(tree.tuples, sink)
    released = [contents.positives[part].table for part in SPLITS]
    if split == "released":
        tables = named_splits(*released)
        negatives = ReleasedNegatives(tree.tuples, contents, skip_unusable, _rows_in_release(tables))
        if skip_unusable:  # they are read again when they are wanted, but what they lack is counted now
            for part, setting in itertools.product(SPLITS[1:], SETTINGS):
                read_negatives(tree.tuples, contents, part, setting, sink)
    else:
        pool = OutfitTable.concatenate(released)
        tables = named_splits(*(pool.take(rows) for rows in resplit(pool)))
        negatives = ReleasedNegatives(tree.tuples, contents, skip_unusable)

    names = contents.catalog.item_names
    pictures = tree.items.open_images(names, cache)
    vectors = tree.items.open_features(names, cache)
    keys = [source.content_key() for source in (pictures, vectors) if source is not None]
    return Dataset(
        name=name,
        origin=f"{tree.tuples.folder.name} of the {tree.tuples.release}",
        num_users=tree.tuples.num_users,
        categories=CATEGORIES,
        item_category=contents.catalog.item_category,
        item_names=names,
        tables=tables,
        split_scheme=split,
        fingerprint=content_fingerprint(names, contents.catalog.item_category, tables, keys),
        cache=cache,
        pictures=pictures,
        vectors=vectors,
        released_negatives=negatives,
        left_out={f"repeated rows of {one.file}": one.count for one in contents.repeated} | sink.counts,
        notes=(*say_repeated(contents.repeated), *sink.notes, *_odd_features(vectors, names)),
    )


def _odd_features(vectors: LmdbFeatures | EncodedFeatures | None, names: Sequence[str]) -> list[str]:
    """What a look at a few vectors makes doubt that they are what they are read as."""
    if vectors is None:
        return []
    looked_at = np.unique(np.linspace(0, len(names) - 1, _LOOKED_AT).astype(np.int64))
    return [f"{vectors.path}: {odd}" for odd in odd_values(vectors, looked_at, names)]


@dataclass(frozen=True, eq=False)
class ReleasedNegatives:
    """Reads the negatives that came with a tree when they are asked for.

    Training negatives are never read: they are drawn anew every epoch.

    Attributes:
        tuples: The tree's outfits.
        contents: What was read of them.
        skip_unusable: Whether rows that cannot be used are left out.
        rows: For each split whose negatives were released, the released split and the rows it is made of.
    """

    tuples: Tuples
    contents: Contents
    skip_unusable: bool
    rows: Mapping[str, tuple[str, Rows]] = field(default_factory=dict)

    def __call__(self, split: str, setting: str) -> OutfitTable | None:
        """The negatives of a split in the order of their positives, or None if there are none.

        Raises:
            InputError: If they are not sound.
        """
        if split not in self.rows:
            return None
        released_split, rows = self.rows[split]
        sink = RowSink(self.skip_unusable)
        negatives = read_negatives(self.tuples, self.contents, released_split, setting, sink)
        return None if negatives is None else negatives.table.take(np.isin(negatives.owner, rows))


def _rows_in_release(tables: Mapping[str, OutfitTable]) -> dict[str, tuple[str, Rows]]:
    teacher, student = halve(tables["valid"])
    return {
        "valid": ("valid", np.arange(len(tables["valid"]))),
        "valid-teacher": ("valid", teacher),
        "valid-student": ("valid", student),
        "test": ("test", np.arange(len(tables["test"]))),
    }
