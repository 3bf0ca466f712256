"""Items laid out in a folder for a process that knows no datasets: encoded image files, or features."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.errors import Fault, InputError
from ...datasets.dataset import Dataset
from ...datasets.images.decode import decode
from ..request import Items

__all__ = ["ENCODED_AT_ONCE", "item_reader", "read_categories", "write_items"]

ENCODED_AT_ONCE = 64
"""Items that are read, and then encoded, at a time."""


def write_items(dataset: Dataset, ids: NDArray[np.integer], folder: Path, *, images: bool) -> None:
    """Lay items out.

    Args:
        dataset: Whose items.
        ids: Which, in this order.
        folder: Where to.
        images: Whether to lay out their image files, or else their features.

    Raises:
        InputError: If the dataset's items lack what is asked for.
    """
    np.save(folder / "categories.npy", dataset.item_category[ids].astype(np.int64))
    if not images:
        np.save(folder / "items.npy", dataset.features(ids))
        return
    pictures = dataset.pictures
    if pictures is None:
        raise InputError(
            Fault(f"dataset {dataset.name}", "items without images", "images", "use its features")
        )
    with (folder / "images.bin").open("wb") as file:
        lengths = [file.write(pictures.read(int(item))) for item in ids]
    np.save(folder / "ends.npy", np.cumsum(lengths))


def read_categories(folder: Path) -> NDArray[np.int64]:
    """The categories of the items that lie in a folder."""
    return np.load(folder / "categories.npy")


def item_reader(folder: Path, size: int | None, pool: ThreadPoolExecutor) -> Callable[[slice], Items]:
    """Gives the decoded images, or the features, of a range of the items that lie in a folder.

    Args:
        folder: What `write_items` laid out.
        size: Pixels to decode images to, or None for features.
        pool: Decodes, an image a thread.
    """
    if size is None:
        vectors = np.load(folder / "items.npy")
        return lambda part: vectors[part]
    files = np.memmap(folder / "images.bin", mode="r")
    ends = np.load(folder / "ends.npy")
    starts = np.concatenate([[0], ends[:-1]])

    def decoded(item: int) -> NDArray[np.uint8]:
        return decode(files[starts[item] : ends[item]].tobytes(), f"item {item}", size)

    return lambda part: np.stack(list(pool.map(decoded, range(part.start, part.stop))))
