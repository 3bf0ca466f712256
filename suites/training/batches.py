"""An epoch's batches: positives, the negatives they share, and each distinct item of both once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...datasets import Dataset, OutfitTable, sample_negatives
from ...datasets.outfit_hash import PostedOutfits
from ..item_inputs import ItemInputs

__all__ = ["Batch", "Outfits", "draw_epoch", "load_batches"]

HARD_SHARE = {"random": 0.0, "hard": 0.5}
"""Share of hard negatives in training by setting (paper, Sec. 4.4)."""


class Outfits(NamedTuple):
    """Outfits whose items are rows of a batch's `inputs`.

    Attributes:
        rows: int64 (N, K), row of each item; 0 in empty slots.
        categories: int64 (N, K), −1 in empty slots.
    """

    rows: Tensor
    categories: Tensor

    def to(self, device: torch.device) -> Outfits:
        """On a device."""
        return Outfits(self.rows.to(device), self.categories.to(device))


class Batch(NamedTuple):
    """What one step sees.

    Attributes:
        users: int64 (N,).
        inputs: The distinct items, as `ItemInputs` gives them (n, …).
        item_categories: int64 (n,).
        positives: One outfit a pair.
        negatives: One outfit a pair, shared by all pairs.
        negative_items: int32 (N, K), global ids, for the teacher.
        own: bool (N, N), whether the user of row i posted the negative of column j, which is then none of
            theirs; None where that cannot be.
    """

    users: Tensor
    inputs: Tensor
    item_categories: Tensor
    positives: Outfits
    negatives: Outfits
    negative_items: NDArray[np.int32]
    own: Tensor | None

    def to(self, device: torch.device) -> Batch:
        """On a device."""
        return Batch(
            self.users.to(device),
            self.inputs.to(device, non_blocking=True),
            self.item_categories.to(device),
            self.positives.to(device),
            self.negatives.to(device),
            self.negative_items,
            None if self.own is None else self.own.to(device),
        )


def draw_epoch(dataset: Dataset, setting: str, seed: int, epoch: int) -> tuple[OutfitTable, OutfitTable]:
    """The training positives in this epoch's order, with one negative each.

    A pure function of its arguments: a resumed run draws what it would have drawn.

    Returns:
        Positives and negatives, both of N rows.
    """
    generator = np.random.default_rng([seed, epoch])
    order = generator.permutation(len(dataset.split("train")))
    positives = dataset.split("train").take(order)
    negatives = sample_negatives(
        positives,
        dataset.item_category,
        per_positive=1,
        hard=HARD_SHARE[setting],
        seed=int(generator.integers(2**31)),
    )
    return positives, negatives


def load_batches(
    dataset: Dataset,
    inputs: ItemInputs,
    positives: OutfitTable,
    negatives: OutfitTable,
    size: int,
    *,
    posted: PostedOutfits | None = None,
    augment: np.random.Generator | None = None,
) -> Iterator[Batch]:
    """Batches in order, each read by a thread while the one before is in use.

    Args:
        dataset: Where the outfits are from.
        inputs: The dataset's items.
        positives: N outfits.
        negatives: N outfits.
        size: Positives a batch.
        posted: Who posted what, where some negatives are hard: a batch shares its negatives among all its
            pairs, and another pair's hard negative may be an outfit of this pair's user. A random negative is
            nobody's.
        augment: As for `ItemInputs`.

    Yields:
        ⌈N / size⌉ batches; the last may be smaller.
    """
    starts = range(0, len(positives), size)
    with ThreadPoolExecutor(max_workers=1) as reader:

        def submit(start: int):  # noqa: ANN202 - a private type of the executor
            rows = slice(start, start + size)
            ours = positives.take(rows), negatives.take(rows)
            return reader.submit(_read, dataset, inputs, *ours, posted, augment)

        ahead = submit(0)
        for start in starts[1:]:
            ready, ahead = ahead, submit(start)
            yield ready.result()
        yield ahead.result()


def _read(
    dataset: Dataset,
    inputs: ItemInputs,
    positives: OutfitTable,
    negatives: OutfitTable,
    posted: PostedOutfits | None,
    augment: np.random.Generator | None,
) -> Batch:
    both = np.concatenate([positives.items, negatives.items])
    distinct = OutfitTable(positives.users, both).distinct_items
    rows = torch.from_numpy(np.searchsorted(distinct, np.maximum(both, distinct[0])).astype(np.int64))
    categories = torch.from_numpy(dataset.categories_of(both))
    item_inputs, item_categories = inputs(distinct, augment)
    count = len(positives)
    return Batch(
        users=torch.from_numpy(positives.users.astype(np.int64)),
        inputs=item_inputs,
        item_categories=item_categories,
        positives=Outfits(rows[:count], categories[:count]),
        negatives=Outfits(rows[count:], categories[count:]),
        negative_items=negatives.items,
        own=None if posted is None else torch.from_numpy(posted.by(positives.users, negatives.items)),
    )
