"""Chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .scorer import Scorer, register_scorer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...datasets import OutfitTable

__all__ = ["RandomOrder"]


@register_scorer("random")
class RandomOrder(Scorer):
    """A random order, as the mean over all orders.

    Not some draws, whose luck would be read as a property of the data and would need an interval of its own:
    the metrics take outfits of equal score in all their orders, so that a scorer without an opinion has the
    expected metrics of a random one, exactly. Its AUC is 0.5 for every user; its NDCG depends on how many
    positives a user has.
    """

    def score(self, outfits: OutfitTable) -> NDArray[np.float64]:
        """The same for all, float64 (M,)."""
        return np.zeros(len(outfits))
