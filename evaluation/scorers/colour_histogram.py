"""What a user's colours are."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ...core.progress import tracked
from ...datasets import NO_ITEM
from .scorer import Scorer, register_scorer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...datasets import Dataset, OutfitTable

__all__ = ["ColourHistogram", "colour_histograms"]

_COLOURS = 64
"""The two highest bits of red, green and blue."""

_SIZE = 64
"""Pixels of the images that colours are counted in, whatever size the models see."""

_BLOCK = 1024
"""Images looked at together."""


@register_scorer("colour-histogram")
class ColourHistogram(Scorer):
    """Likeness of an outfit's colours to those of the user's training outfits.

    An outfit is the mean of its items' histograms over 4 × 4 × 4 colours, a user the mean of their training
    outfits less that of all training outfits, so that what everybody wears, the white background above all,
    counts for nothing. The score is the inner product of the two; a user without training outfits is
    undecided.
    """

    sees_images: ClassVar[bool] = True

    def __init__(self, dataset: Dataset, setting: str) -> None:
        super().__init__(dataset, setting)
        self._histograms = colour_histograms(dataset)
        train = dataset.split("train")
        worn = self._of(train)
        taste = np.zeros((dataset.num_users, worn.shape[1]))
        np.add.at(taste, train.users, worn - worn.mean(0))
        posted = np.bincount(train.users, minlength=dataset.num_users)
        self._taste = taste / np.maximum(posted, 1)[:, None]

    def score(self, outfits: OutfitTable) -> NDArray[np.float64]:
        """Inner product of each outfit's colours and its user's, float64 (M,)."""
        return np.einsum("md,md->m", self._taste[outfits.users], self._of(outfits))

    def _of(self, outfits: OutfitTable) -> NDArray[np.float64]:
        """Colours of each outfit, float64 (M, 64)."""
        there = outfits.items != NO_ITEM
        return np.einsum("mkd,mk->md", self._histograms[outfits.items], there / there.sum(1, keepdims=True))


def colour_histograms(dataset: Dataset, size: int = _SIZE) -> NDArray[np.float32]:
    """The share of each of 64 colours in each item's image, float32 (num_items, 64).

    The colour of number 16 r + 4 g + b has red from 64 r to 64 r + 63, and so on.

    Args:
        dataset: Whose items have images.
        size: H = W of the images in pixels.
    """
    found = np.zeros((dataset.num_items, _COLOURS), dtype=np.float32)
    for start in tracked(range(0, dataset.num_items, _BLOCK), "counting colours"):
        block = np.arange(start, min(start + _BLOCK, dataset.num_items))
        high = dataset.images(block, size) >> 6
        colours = (high[..., 0] << 4 | high[..., 1] << 2 | high[..., 2]).reshape(len(block), -1)
        own = np.arange(len(block))[:, None] * _COLOURS  # each image counts in a range of its own
        counts = np.bincount((colours + own).ravel(), minlength=len(block) * _COLOURS)
        found[block] = counts.reshape(len(block), -1) / size**2
    return found
