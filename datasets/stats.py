"""How large a dataset is, and how its outfits are made up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .dataset import Dataset
from .splits import shared_items
from .tables import NO_ITEM

__all__ = ["DatasetStatistics", "describe"]

_DISJOINT_SPLITS = ("train", "valid", "test")


@dataclass(frozen=True, kw_only=True)
class DatasetStatistics:
    """Statistics of a dataset, in the terms of the paper's Table 1 and a little beyond.

    Attributes:
        users: Number of users.
        items: Number of items.
        items_by_category: Items by category name.
        outfits: Outfits by split (train, valid, test).
        sizes: Outfits by number of items ("2", "3", "4").
        wears_per_item: Mean number of outfits that an item occurs in.
        users_without_test: Users without a test positive, who cannot be ranked.
        shared_with_test: Pairs of a user and an item in both the user's training and test outfits.
    """

    users: int
    items: int
    items_by_category: dict[str, int]
    outfits: dict[str, int]
    sizes: dict[str, int]
    wears_per_item: float
    users_without_test: int
    shared_with_test: int


def describe(dataset: Dataset) -> DatasetStatistics:
    """The statistics of a dataset."""
    tables = {name: dataset.split(name) for name in _DISJOINT_SPLITS}
    by_category = np.bincount(dataset.item_category, minlength=len(dataset.categories)).tolist()
    slots = np.concatenate([(table.items != NO_ITEM).sum(axis=1) for table in tables.values()])
    sizes, outfits_of_size = np.unique(slots, return_counts=True)
    return DatasetStatistics(
        users=dataset.num_users,
        items=dataset.num_items,
        items_by_category=dict(zip(dataset.categories, by_category, strict=True)),
        outfits={name: len(table) for name, table in tables.items()},
        sizes={
            str(size): count for size, count in zip(sizes.tolist(), outfits_of_size.tolist(), strict=True)
        },
        wears_per_item=float(slots.sum() / dataset.num_items),
        users_without_test=dataset.num_users - len(np.unique(tables["test"].users)),
        shared_with_test=shared_items(tables["train"], tables["test"]),
    )
