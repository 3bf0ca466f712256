"""From a Polyvore-U tree on disk to a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..dataset import Dataset
from ..errors import refuse
from ..fingerprint import content_fingerprint
from ..splits import Rows, check_scheme, halve, named_splits, resplit
from ..tables import OutfitTable
from .contents import Contents, read_contents, read_negatives
from .layout import CATEGORIES, NEGATIVES_PER_POSITIVE, SPLITS
from .tree import Tuples, find_tree

__all__ = ["read_tree"]


def read_tree(root: Path, name: str, *, split: str = "released", cache: Path) -> Dataset:
    """Read a tree in either layout.

    Args:
        root: The folder that holds `tuples_<number of users>`, or its `original` in the converted release.
        name: The dataset's name; the number in it is the number of users.
        split: "released", or "9:2:2" to split all outfits anew.
        cache: Folder for what is derived.

    Raises:
        InputError: At the first fault of the tree.
    """
    check_scheme(split)
    tree = find_tree(root, name)
    contents = read_contents(tree.tuples, refuse)
    released = [contents.positives[part].table for part in SPLITS]
    if split == "released":
        tables = named_splits(*released)
        negatives = ReleasedNegatives(tree.tuples, contents, _rows_in_release(tables))
    else:
        pool = OutfitTable(
            np.concatenate([part.users for part in released]),
            np.concatenate([part.items for part in released]),
        )
        tables = named_splits(*(pool.take(rows) for rows in resplit(pool)))
        negatives = ReleasedNegatives(tree.tuples, contents)

    names = contents.catalog.item_names
    pictures = tree.open_images(names, cache)
    vectors = tree.open_features(names, cache)
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
    )


@dataclass(frozen=True, eq=False)
class ReleasedNegatives:
    """Reads the negatives that came with a tree when they are asked for.

    Training negatives are never read: they are drawn anew every epoch.

    Attributes:
        tuples: The tree's outfits.
        contents: What was read of them.
        rows: For each split whose negatives were released, the released split and the rows it is made of.
    """

    tuples: Tuples
    contents: Contents
    rows: Mapping[str, tuple[str, Rows]] = field(default_factory=dict)

    def __call__(self, split: str, setting: str) -> OutfitTable | None:
        """The negatives of a split, row i belonging to positive i // 10, or None if there are none.

        Raises:
            InputError: If they are not sound.
        """
        if split not in self.rows:
            return None
        released_split, rows = self.rows[split]
        negatives = read_negatives(self.tuples, self.contents, released_split, setting, refuse)
        if negatives is None:
            return None
        places = rows[:, None] * NEGATIVES_PER_POSITIVE + np.arange(NEGATIVES_PER_POSITIVE)
        return negatives.take(places.ravel())


def _rows_in_release(tables: Mapping[str, OutfitTable]) -> dict[str, tuple[str, Rows]]:
    teacher, student = halve(tables["valid"])
    return {
        "valid": ("valid", np.arange(len(tables["valid"]))),
        "valid-teacher": ("valid", teacher),
        "valid-student": ("valid", student),
        "test": ("test", np.arange(len(tables["test"]))),
    }
