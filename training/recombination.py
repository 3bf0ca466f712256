"""Recombined outfits: others than were posted, made of the items that a step has encoded anyway."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.errors import Fault, InputError
from ..datasets import Dataset, OutfitTable
from ..datasets.outfit_hash import OutfitHash
from ..datasets.tables import have_repeats

__all__ = ["DRAWS", "Recombination", "Recombiner", "check_recombined"]

DRAWS = 20
"""How often a recombined outfit is drawn at most. Where one draw in ten is refused, all are with a chance of
1e-20; a step of few items, nearly all of whose outfits were posted, gives up."""


class Recombination(NamedTuple):
    """Which recombined outfits a step draws.

    Attributes:
        recombined: R, how many.
        exchanged: Share of them that are one of the batch's positives with a single item exchanged.
    """

    recombined: int
    exchanged: float = 0.0


class Recombiner:
    """Draws recombined outfits for a step.

    Each takes the categories of one of the batch's positives and, for each slot, an item of that category out
    of the batch's positives and negatives, both uniformly. A share of them, the harder ones, keep all of that
    positive's items but one, whose slot is drawn uniformly, too. One that anybody posted in training, or that
    holds an item twice, is drawn again. Two of them may be equal.

    In a step the backbone costs nearly everything, and these outfits cost it nothing.

    Args:
        train: Outfits that were posted.
        item_category: Category of each item, (num_items,).
        count: R.
        exchanged: Share of the harder ones, which come first.

    Example:
        >>> batch = np.int32([[0, 2], [1, 3]])
        >>> recombiner = Recombiner(OutfitTable(np.int32([0, 1]), batch), np.int8([0, 0, 1, 1]), count=50)
        >>> drawn = recombiner.draw(batch, batch, np.random.default_rng(0))
        >>> sorted(map(tuple, np.unique(drawn, axis=0).tolist())), len(drawn)
        ([(0, 3), (1, 2)], 50)
    """

    def __init__(
        self, train: OutfitTable, item_category: NDArray[np.integer], count: int, exchanged: float = 0.0
    ) -> None:
        self.count = count
        self._exchanged = round(exchanged * count)
        self._item_category = item_category
        self._hashes = OutfitHash(len(item_category))
        self._posted = np.unique(self._hashes.of(train.items))

    def draw(
        self, positives: NDArray[np.int32], negatives: NDArray[np.int32], generator: np.random.Generator
    ) -> NDArray[np.int32]:
        """Recombine a batch.

        Args:
            positives: Global item ids of the batch's positives (N, K), −1 in empty slots.
            negatives: Those of its negatives (M, K).
            generator: Draws everything.

        Returns:
            int32 (R, K); fewer rows where so small a batch makes hardly any outfit that nobody posted.
        """
        categories = np.where(positives < 0, -1, self._item_category[positives])
        items = np.unique(np.concatenate([positives, negatives]))  # −1 comes first where a slot is empty
        kinds = np.where(items < 0, -1, self._item_category[items])
        by_category = np.argsort(kinds, kind="stable")
        pool, kinds = items[by_category], kinds[by_category]

        drawn = np.empty((self.count, positives.shape[1]), dtype=np.int32)
        pending = np.arange(self.count)
        for _ in range(DRAWS):
            origin = generator.integers(len(positives), size=len(pending))
            wanted = categories[origin]
            starts, ends = (np.searchsorted(kinds, wanted, side) for side in ("left", "right"))
            outfits = pool[generator.integers(starts, ends)]
            if harder := int(np.searchsorted(pending, self._exchanged)):
                worn = positives[origin[:harder]]
                outfits[:harder] = np.where(_one_filled_slot(worn, generator), outfits[:harder], worn)
            drawn[pending] = outfits
            pending = pending[self._were_posted(outfits) | have_repeats(outfits)]
            if not len(pending):
                return drawn
        return np.delete(drawn, pending, axis=0)

    def _were_posted(self, outfits: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Whether each was, by anybody; quicker than `np.isin`, which would sort all that was posted."""
        found = self._hashes.of(outfits)
        nearest = np.minimum(np.searchsorted(self._posted, found), len(self._posted) - 1)
        return self._posted[nearest] == found


def _one_filled_slot(items: NDArray[np.int32], generator: np.random.Generator) -> NDArray[np.bool_]:
    """One slot of each outfit that is not empty, all equally likely: bool (N, K)."""
    chances = np.where(items < 0, -1.0, generator.random(items.shape))
    return np.arange(items.shape[1]) == chances.argmax(axis=1)[:, None]


def check_recombined(count: int, dataset: Dataset, batch_size: int, where: str) -> None:
    """Refuse an R that no step can make, before anything trains.

    A step of N pairs has at most N positives and N negatives, hence 2N items for a slot, and no more than the
    training outfits wear. What it can make of those is the bound; the last step of an epoch, which may be
    smaller, repeats outfits.

    Args:
        count: R.
        dataset: What is learnt from.
        batch_size: N.
        where: The method and its option, for the message.

    Raises:
        InputError: If R is more.
    """
    train = dataset.split("train")
    worn = np.bincount(dataset.item_category[train.distinct_items], minlength=len(dataset.categories))
    kinds = np.sort(dataset.categories_of(train.items), axis=1)
    slots = np.stack([(kinds == c).sum(1) for c in range(len(dataset.categories))], axis=1)
    items = np.minimum(worn, 2 * min(batch_size, len(train)) * slots.max(0)).tolist()
    most = sum(
        math.prod(math.comb(n, k) for n, k in zip(items, composition, strict=True))
        for composition in np.unique(slots, axis=0).tolist()
    )
    if count > most:
        made = f"at most {most:,}, all that the items of a step of {batch_size} pairs can make"
        raise InputError(Fault(where, f"{count:,} outfits", made, "raise recipe.batch_size"))
