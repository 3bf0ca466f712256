"""How large a dataset is, how its outfits are made up, and what its released negatives are worth."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..core.errors import InputError
from .dataset import Dataset
from .negatives import sample_negatives
from .splits import SPLITS, shared_items
from .tables import NO_ITEM, SETTINGS, OutfitTable

__all__ = ["DatasetStatistics", "NegativeCounts", "count_negatives", "describe"]

_MOST_DRAWN_FOR = 100_000


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
        users_without_train: Users without a training outfit, of whom nothing is learnt.
        shared_with_test: Pairs of a user and an item in both the user's training and test outfits.
        negatives_posted_in_split: Negatives that came with the data and equal a positive of the same user in
            their split, by split and setting ("test random"). Empty where none came with the data.
        negatives_posted_elsewhere: Those that equal one in another split, likewise.
        negatives_repeated: Those that stand before in the same split for the same user, likewise.
        drawn_negatives_repeated: The same of test negatives that we draw, by setting. Only where the others'
            outfits are too few for a user's hard negatives, or the items for the random ones, is there any.
            None are drawn to be counted where there are more than 100,000 test outfits.
        truly_liked_negatives: Share of negatives that we draw which their users like at least as much as
            their average training outfit, by split and setting; empty where that is not known.
    """

    users: int
    items: int
    items_by_category: dict[str, int]
    outfits: dict[str, int]
    sizes: dict[str, int]
    wears_per_item: float
    users_without_test: int
    users_without_train: int
    shared_with_test: int
    negatives_posted_in_split: dict[str, int]
    negatives_posted_elsewhere: dict[str, int]
    negatives_repeated: dict[str, int]
    drawn_negatives_repeated: dict[str, int]
    truly_liked_negatives: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class NegativeCounts:
    """What is wrong with the negatives of a split.

    Attributes:
        total: Number of negatives.
        in_split: Those that equal a positive of the same user in the same split.
        elsewhere: Those that equal one in another split.
        repeated: Those that stand before for the same user.

    Example:
        >>> count_negatives(
        ...     OutfitTable(np.int32([0, 0, 1]), np.int32([[2, 1], [2, 1], [3, 4]])),
        ...     "test",
        ...     {"test": OutfitTable(np.int32([0]), np.int32([[1, 2]]))},
        ... )
        NegativeCounts(total=3, in_split=2, elsewhere=0, repeated=1)
    """

    total: int
    in_split: int
    elsewhere: int
    repeated: int

    def __str__(self) -> str:
        return (
            f"of {self.total:,} negatives {self.in_split:,} equal a positive of the same user in this split, "
            f"{self.elsewhere:,} one in another, and {self.repeated:,} repeat a negative of the same user"
        )


def count_negatives(
    negatives: OutfitTable, split: str, positives: Mapping[str, OutfitTable]
) -> NegativeCounts:
    """Hold negatives against what their users posted.

    Args:
        negatives: The negatives of a split.
        split: The split.
        positives: The outfits of each split.
    """
    tables = [negatives, *positives.values()]
    rows = [np.column_stack([table.users, np.sort(table.items, axis=1)]) for table in tables]
    _, numbers = np.unique(np.concatenate(rows), axis=0, return_inverse=True)
    own, *posted = np.split(numbers, np.cumsum([len(table) for table in tables])[:-1])
    by_split = dict(zip(positives, posted, strict=True))
    others = [numbers for name, numbers in by_split.items() if name != split]
    return NegativeCounts(
        total=len(own),
        in_split=int(np.isin(own, by_split[split]).sum()),
        elsewhere=int(np.isin(own, np.concatenate([own[:0], *others])).sum()),
        repeated=len(own) - len(np.unique(own)),
    )


def describe(dataset: Dataset) -> DatasetStatistics:
    """The statistics of a dataset."""
    tables = {name: dataset.split(name) for name in SPLITS}
    by_category = np.bincount(dataset.item_category, minlength=len(dataset.categories)).tolist()
    slots = np.concatenate([(table.items != NO_ITEM).sum(axis=1) for table in tables.values()])
    negatives = _released_negatives(dataset, tables)
    drawn = _drawn_negatives(dataset)
    return DatasetStatistics(
        users=dataset.num_users,
        items=dataset.num_items,
        items_by_category=dict(zip(dataset.categories, by_category, strict=True)),
        outfits={name: len(table) for name, table in tables.items()},
        sizes={str(size): count for size, count in enumerate(np.bincount(slots).tolist()) if count},
        wears_per_item=float(slots.sum() / dataset.num_items),
        users_without_test=dataset.num_users - len(np.unique(tables["test"].users)),
        users_without_train=dataset.num_users - len(np.unique(tables["train"].users)),
        shared_with_test=shared_items(tables["train"], tables["test"]),
        negatives_posted_in_split={name: counts.in_split for name, counts in negatives.items()},
        negatives_posted_elsewhere={name: counts.elsewhere for name, counts in negatives.items()},
        negatives_repeated={name: counts.repeated for name, counts in negatives.items()},
        drawn_negatives_repeated={
            setting: count_negatives(drawn[f"test {setting}"], "test", tables).repeated
            for setting in SETTINGS
            if f"test {setting}" in drawn
        },
        truly_liked_negatives={
            name: float(liked.mean())
            for name, outfits in drawn.items()
            if (liked := dataset.truly_liked(outfits)) is not None
        },
    )


def _released_negatives(dataset: Dataset, tables: Mapping[str, OutfitTable]) -> dict[str, NegativeCounts]:
    """Counts by split and setting, where negatives came with the data and can be read."""
    counts: dict[str, NegativeCounts] = {}
    for split, setting in itertools.product(SPLITS[1:], SETTINGS):
        try:
            released = dataset.released_negatives(split, setting)
        except InputError:  # whoever wants these negatives is told why; the rest can be described without
            continue
        if released is not None:
            counts[f"{split} {setting}"] = count_negatives(released, split, tables)
    return counts


def _drawn_negatives(dataset: Dataset) -> dict[str, OutfitTable]:
    """Negatives of our drawing by split and setting: the test's, and of a made dataset some of training."""
    drawn: dict[str, OutfitTable] = {}
    if len(dataset.split("test")) > _MOST_DRAWN_FOR:
        return drawn
    for setting in SETTINGS:
        try:
            if dataset.released_negatives("test", setting) is None:
                candidates = dataset.candidates("test", setting)
                drawn[f"test {setting}"] = candidates.outfits.take(~candidates.labels)
            if dataset.hidden is not None:
                drawn[f"train {setting}"] = sample_negatives(
                    dataset.split("train"), dataset.item_category, hard=float(setting == "hard")
                )
        except InputError:  # as above
            continue
    return drawn
