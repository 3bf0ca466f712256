"""What everybody wears."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...datasets import NO_ITEM
from .scorer import Scorer, register_scorer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...datasets import Dataset, OutfitTable

__all__ = ["Popularity"]


@register_scorer("popularity")
class Popularity(Scorer):
    """How many training outfits, of any user, an outfit's items occur in on average.

    The mean and not the sum, so that an outfit of more items is not the more popular for it. It knows no
    users. (How often the user's *own* outfits wear the items is no row here: nobody on Closet posts an item
    twice, so that it would rank below chance, and say how the dataset was made.)
    """

    def __init__(self, dataset: Dataset, setting: str) -> None:
        super().__init__(dataset, setting)
        worn = dataset.split("train").items
        self._counts = np.bincount(worn[worn != NO_ITEM], minlength=dataset.num_items)

    def score(self, outfits: OutfitTable) -> NDArray[np.float64]:
        """Mean count of each outfit's items, float64 (M,)."""
        there = outfits.items != NO_ITEM
        counts = np.where(there, self._counts[outfits.items], 0)  # an empty slot looks at the last item
        return counts.sum(1) / there.sum(1)
