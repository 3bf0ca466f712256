"""Writing a dataset as a tree of features in the converted layout (B), for whoever has the features."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.errors import Fault, InputError
from ...core.files import atomic_folder
from ..candidates import PER_POSITIVE
from ..dataset import Dataset
from ..splits import SPLITS, halve
from ..tables import CATEGORIES, NO_ITEM, SETTINGS, OutfitTable
from .converted import ITEMS_FILE, ConvertedTuples

__all__ = ["check_features_folder", "write_features"]

_SLACK = 64 << 20
"""Bytes an LMDB needs beside its values, at the least."""


def write_features(dataset: Dataset, vectors: NDArray[np.float32], name: str, folder: Path) -> None:
    """Write a tree that holds a dataset's outfits, and its items by features alone.

    Its splits and evaluation negatives are the source's, so tables made from images and from features ask the
    same questions, and epochs are chosen by the same.

    Args:
        dataset: The outfits.
        vectors: One an item, float32 (num_items, F).
        name: Of the features: `features/NAME` holds them.
        folder: Where to write; not there yet.

    Raises:
        InputError: As `check_features_folder`, or if it cannot be written.
    """
    check_features_folder(folder)
    import lmdb

    names = _file_names(dataset)
    with atomic_folder(folder) as part:
        tuples = ConvertedTuples(part / "original" / f"tuples_{dataset.num_users}", dataset.num_users)
        tuples.folder.mkdir(parents=True)
        lists = [
            [names[item] for item in np.flatnonzero(dataset.item_category == kind)]
            for kind in range(len(CATEGORIES))
        ]
        (tuples.folder / ITEMS_FILE).write_text(json.dumps(lists), encoding="utf-8")
        for split in SPLITS:
            _write_outfits(dataset, dataset.split(split), tuples.positives(split))
        for setting in SETTINGS:
            for split in ("valid", "test"):
                _write_outfits(dataset, _negatives(dataset, split, setting), tuples.negatives(split, setting))
        place = part / "features" / name
        place.mkdir(parents=True)
        with (
            lmdb.open(str(place), map_size=4 * vectors.nbytes + _SLACK, lock=False) as environment,
            environment.begin(write=True) as transaction,
        ):
            for key, vector in zip(names, vectors, strict=True):
                transaction.put(key.encode(), np.asarray(vector, "<f4").tobytes())


def check_features_folder(folder: Path) -> None:
    """Find out, before anything is encoded, whether a tree of features can be written.

    Raises:
        InputError: If the package lmdb is not installed, or something stands there already.
    """
    if importlib.util.find_spec("lmdb") is None:
        expected, fix = "lmdb", "run pip install 'outfitbench[lmdb]'"
        raise InputError(Fault(folder, "no package to write it", expected, fix))
    if folder.exists():
        raise InputError(Fault(folder, "something that is there", "a folder that is not there yet"))


def _negatives(dataset: Dataset, split: str, setting: str) -> OutfitTable:
    """The evaluation negatives of a split, in the order of its positives: those of "valid" by its halves."""
    positives = dataset.split(split)
    parts = {split: np.arange(len(positives))}
    if split == "valid":
        parts = dict(zip(("valid-teacher", "valid-student"), halve(positives), strict=True))
    items = np.full((len(positives), PER_POSITIVE, positives.items.shape[1]), NO_ITEM, np.int32)
    for part, rows in parts.items():
        candidates = dataset.candidates(part, setting)
        negatives = candidates.outfits.take(np.flatnonzero(candidates.labels == 0))
        items[rows] = negatives.items.reshape(len(rows), PER_POSITIVE, -1)
    return OutfitTable(np.repeat(positives.users, PER_POSITIVE), items.reshape(-1, items.shape[2]))


def _file_names(dataset: Dataset) -> list[str]:
    """A file name for each item, no two the same: keys of the features."""
    given = [str(name).rpartition("/")[2] for name in dataset.item_names]
    if len(set(given)) == len(given):
        return given
    kinds = dataset.item_category.tolist()
    return [f"{CATEGORIES[kind]}-{item:07d}.jpg" for item, kind in enumerate(kinds)]


def _write_outfits(dataset: Dataset, outfits: OutfitTable, path: Path) -> None:
    """Rows `user,size,items,types`, items numbered within their category, the real ones first."""
    within = np.zeros(dataset.num_items, np.int64)
    for kind in range(len(CATEGORIES)):
        own = np.flatnonzero(dataset.item_category == kind)
        within[own] = np.arange(len(own))

    def row(user: int, items: NDArray[np.int32]) -> str:
        worn = items[items != NO_ITEM]
        empty = [NO_ITEM] * (len(items) - len(worn))
        cells: Iterable[int] = (
            user,
            len(worn),
            *within[worn].tolist(),
            *empty,
            *dataset.item_category[worn].tolist(),
            *empty,
        )
        return ",".join(map(str, cells))

    rows = (row(user, items) for user, items in zip(outfits.users.tolist(), outfits.items, strict=True))
    path.write_text("".join(f"{line}\n" for line in rows), encoding="utf-8")
