"""The face of a scorer, and the registry of scorers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from ...core.registry import Registry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...datasets import Dataset, OutfitTable

__all__ = ["SCORERS", "Scorer", "register_scorer"]


class Scorer(ABC):
    """Scores outfits without a network, and without having been trained.

    It looks at a dataset once, when it is made. Of the outfits it may know those of the training split; what
    is hidden in a made dataset is for those alone that say so. Labels of what is ranked it is never given.

    Args:
        dataset: What is ranked.
        setting: How it is ranked: "random" or "hard".

    Attributes:
        sees_images: Whether the items' images have a part in its scores.
    """

    sees_images: ClassVar[bool] = False

    def __init__(self, dataset: Dataset, setting: str) -> None:
        self.dataset = dataset
        self.setting = setting

    @classmethod
    def lacks(cls, dataset: Dataset) -> str:
        """What it needs and a dataset does not have ("images"); empty where it can score."""
        return "images" if cls.sees_images and dataset.pictures is None else ""

    @abstractmethod
    def score(self, outfits: OutfitTable) -> NDArray[np.number]:
        """Score of each outfit for its user, (M,); greater is better, equal is undecided."""


SCORERS: Registry[type[Scorer]] = Registry("scorer", __name__.rpartition(".")[0])
"""Scorers by name."""

register_scorer = SCORERS.register
"""Decorator that enters a subclass of `Scorer` under a name."""
