"""Small datasets made in memory: items known by features, drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from outfitbench.datasets import Dataset, OutfitTable
from outfitbench.datasets.fingerprint import content_fingerprint
from outfitbench.datasets.splits import named_splits


class Vectors:
    """Feature vectors in memory."""

    def __init__(self, rows: NDArray[np.float32]) -> None:
        self.rows, self.size = rows, rows.shape[1]

    def read(self, ids: NDArray[np.integer]) -> NDArray[np.float32]:
        return self.rows[ids]


def wardrobe(
    cache: Path, name: str = "wardrobe", train: Sequence[int] = (9, 9, 9), width: int = 6, **changes: Any
) -> Dataset:
    """Users with so many training outfits each, three validation outfits and two test outfits."""
    rng = np.random.default_rng(len(train))
    of_category, users = 30, len(train)
    tables = []
    for counts in (train, [3] * users, [2] * users):
        posted = np.repeat(np.arange(users, dtype=np.int32), counts)
        drawn = rng.integers(of_category, size=(len(posted), 3)) + of_category * np.arange(3)
        tables.append(OutfitTable(posted, drawn.astype(np.int32)))
    vectors = rng.normal(size=(3 * of_category, width)).astype(np.float32)
    names = [f"{name}-{number}" for number in range(len(vectors))]
    category, splits = np.repeat(np.int8([0, 1, 2]), of_category), named_splits(*tables)
    fields: dict[str, Any] = {
        "name": name,
        "origin": "made for a test",
        "num_users": users,
        "categories": ("top", "bottom", "shoe"),
        "item_category": category,
        "item_names": names,
        "tables": splits,
        "split_scheme": "released",
        "fingerprint": content_fingerprint(names, category, splits, [vectors.tobytes().hex()]),
        "cache": cache,
        "vectors": Vectors(vectors),
    }
    return Dataset(**(fields | changes))
