"""What a made dataset knows of its users."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .scorer import Scorer, register_scorer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...datasets import Dataset, OutfitTable

__all__ = ["HiddenTruth"]


@register_scorer("hidden-truth")
class HiddenTruth(Scorer):
    """How much likelier an outfit is as one of the user's than as a negative, by the taste it was made with.

    The logarithm of that ratio orders best: no model can be expected to rank better. A random negative is
    drawn blindly, which is what the hidden preference compares with. A hard negative is another user's
    outfit of the same split, so there the ratio is taken against what all users post in it together.
    """

    @classmethod
    def lacks(cls, dataset: Dataset) -> str:
        """As `Scorer.lacks`; only made users have a taste that is known."""
        return "hidden preference" if dataset.hidden is None else ""

    def __init__(self, dataset: Dataset, setting: str) -> None:
        super().__init__(dataset, setting)
        self._posters, posts = np.unique(dataset.split("test").users, return_counts=True)
        self._shares = posts / posts.sum()

    def score(self, outfits: OutfitTable) -> NDArray[np.float64]:
        """Log-likelihood ratio of each outfit, float64 (M,)."""
        hidden = self.dataset.hidden
        assert hidden is not None  # `lacks` was asked
        own = hidden.preference(outfits.users, outfits.items)
        if self.setting == "random":
            return own
        anyones = np.full(len(outfits), -np.inf)
        for poster, share in zip(self._posters, self._shares, strict=True):
            theirs = hidden.preference(np.full(len(outfits), poster), outfits.items)
            anyones = np.logaddexp(anyones, theirs + np.log(share))
        return own - anyones
