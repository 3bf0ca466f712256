"""An epoch's batches: positives, the negatives they share, and each distinct item of all outfits once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..datasets import Dataset, OutfitTable, sample_negatives
from ..datasets.outfit_hash import PostedOutfits
from ..evaluation.item_inputs import ImageAugmentation, ItemInputs
from .augmentations import ViewPair, draw_views
from .objectives.objective import Outfits

__all__ = ["HARD_SHARE", "Batch", "BatchDraws", "draw_epoch", "load_batches"]

HARD_SHARE = {"random": 0.0, "hard": 0.5}
"""Share of hard negatives by kind of training negatives (paper, Sec. 4.4)."""


class Batch(NamedTuple):
    """What one step sees.

    Attributes:
        users: int64 (N,).
        inputs: The distinct items, as `ItemInputs` gives them (n, …).
        item_categories: int64 (n,).
        positives: One outfit a pair.
        negatives: One outfit a pair, shared by all pairs.
        posted: bool (N, N), whether the user of row i posted the negative of column j, which is then none of
            theirs; None where that cannot be. The paper does not speak of it.
        views: Two views of each positive, rows 2n and 2n + 1; None where nobody asks for them.
        recombined: Outfits that nobody posted, of the items of the positives and negatives; None where nobody
            asks for them.
    """

    users: Tensor
    inputs: Tensor
    item_categories: Tensor
    positives: Outfits
    negatives: Outfits
    posted: Tensor | None
    views: Outfits | None = None
    recombined: Outfits | None = None

    def to(self, device: torch.device) -> Batch:
        """On a device."""

        def moved(outfits: Outfits) -> Outfits:
            return Outfits(outfits.rows.to(device), outfits.categories.to(device), outfits.items)

        return Batch(
            self.users.to(device),
            self.inputs.to(device, non_blocking=True),
            self.item_categories.to(device),
            moved(self.positives),
            moved(self.negatives),
            None if self.posted is None else self.posted.to(device),
            None if self.views is None else moved(self.views),
            None if self.recombined is None else moved(self.recombined),
        )


def draw_epoch(dataset: Dataset, kind: str, seed: int, epoch: int) -> tuple[OutfitTable, OutfitTable]:
    """The training positives in this epoch's order, with one negative each.

    A pure function of its arguments: a resumed run draws what it would have drawn.

    Args:
        dataset: What is learnt from.
        kind: Of the training negatives, "random" or "hard".
        seed: Of the fit.
        epoch: From 1.

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
        hard=HARD_SHARE[kind],
        seed=int(generator.integers(2**31)),
    )
    return positives, negatives


Recombine = Callable[[NDArray[np.int32], NDArray[np.int32]], NDArray[np.int32]]
"""Item ids of a batch's positives (N, K) and negatives (N, K) to those of recombined outfits (R, K)."""


@dataclass(frozen=True)
class BatchDraws:
    """What is drawn for each batch on the way.

    Attributes:
        posted: Who posted what, where some negatives are hard: a batch shares its negatives among all its
            pairs, and another pair's hard negative may be an outfit of this pair's user. A random negative is
            nobody's.
        images: How images are looked at; None takes them as they are.
        views: Draws the views of the positives; None where nobody asks for them.
        view_pairs: Pairs of augmentations that the views are drawn from.
        neighbours: Look-alike items (num_items, count), for augmentations that need them.
        recombine: Draws recombined outfits from a batch's positives and negatives; None where nobody asks for
            them.
    """

    posted: PostedOutfits | None = None
    images: ImageAugmentation | None = None
    views: np.random.Generator | None = None
    view_pairs: tuple[ViewPair, ...] = ()
    neighbours: NDArray[np.int32] | None = None
    recombine: Recombine | None = None


def load_batches(
    dataset: Dataset,
    inputs: ItemInputs,
    positives: OutfitTable,
    negatives: OutfitTable,
    size: int,
    draws: BatchDraws | None = None,
) -> Iterator[Batch]:
    """Batches in order, each read by a thread while the one before is in use.

    Args:
        dataset: Where the outfits are from.
        inputs: The dataset's items.
        positives: N outfits.
        negatives: N outfits.
        size: Positives a batch.
        draws: What is drawn on the way; nothing by default.

    Yields:
        ⌈N / size⌉ batches; the last may be smaller.
    """
    draws = BatchDraws() if draws is None else draws
    starts = range(0, len(positives), size)
    with ThreadPoolExecutor(max_workers=1) as reader:

        def submit(start: int):  # noqa: ANN202 - a private type of the executor
            rows = slice(start, start + size)
            return reader.submit(_read, dataset, inputs, positives.take(rows), negatives.take(rows), draws)

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
    draws: BatchDraws,
) -> Batch:
    views = recombined = None
    worn = [positives.items, negatives.items]
    if draws.views is not None:
        views = draw_views(positives, draws.view_pairs, draws.views, draws.neighbours)
        worn.append(views)
    if draws.recombine is not None:
        recombined = draws.recombine(positives.items, negatives.items)
    distinct = np.unique(np.concatenate(worn))
    distinct = distinct[distinct >= 0]
    item_inputs, item_categories = inputs(distinct, draws.images)

    def outfits_of(items: NDArray[np.int32]) -> Outfits:
        rows = np.searchsorted(distinct, np.maximum(items, distinct[0])).astype(np.int64)
        return Outfits(torch.from_numpy(rows), torch.from_numpy(dataset.categories_of(items)), items)

    posted = None if draws.posted is None else draws.posted.by(positives.users, negatives.items)
    return Batch(
        users=torch.from_numpy(positives.users.astype(np.int64)),
        inputs=item_inputs,
        item_categories=item_categories,
        positives=outfits_of(positives.items),
        negatives=outfits_of(negatives.items),
        posted=None if posted is None else torch.from_numpy(posted),
        views=None if views is None else outfits_of(views),
        recombined=None if recombined is None else outfits_of(recombined),
    )
