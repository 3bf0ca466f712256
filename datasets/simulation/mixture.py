"""The hidden model: users who choose styles, and styles that choose items."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..tables import NO_ITEM

__all__ = ["StyleMixture"]


@dataclass(frozen=True, eq=False)
class StyleMixture:
    """How outfits come about: a user chooses a style, and the style an item for each slot.

    Now and then a slot follows another style of the user's, and more rarely none at all. All weights are
    whole numbers, so that the same outfits are drawn on every machine.

    Attributes:
        item_category: int8 (num_items,).
        item_weights: int64 (num_items, S). Style s takes item i with a probability proportional to its weight
            among the items of its category.
        taste_weights: int64 (num_users, S). User u takes style s with a probability proportional to its
            weight.
        mixing_percent: How often, in percent, a slot takes a style of its own from the user's taste.
        stray_percent: How often, in percent, a slot takes any item of its category.

    Example:
        >>> model = StyleMixture(
        ...     item_category=np.int8([0, 0, 1, 1]),
        ...     item_weights=np.int64([[9, 1], [1, 9], [9, 1], [1, 9]]),
        ...     taste_weights=np.int64([[1, 0]]),
        ...     mixing_percent=0,
        ...     stray_percent=10,
        ... )
        >>> model.preference(np.int64([0, 0]), np.int64([[0, 2], [1, 3]])).round(2).tolist()
        [1.08, -2.55]
    """

    item_category: NDArray[np.int8]
    item_weights: NDArray[np.int64]
    taste_weights: NDArray[np.int64]
    mixing_percent: int = 50
    stray_percent: int = 5

    @property
    def num_users(self) -> int:
        """Number of users."""
        return len(self.taste_weights)

    @cached_property
    def _lift(self) -> NDArray[np.float64]:
        """P(i | s) / P(i): each item's probability under each style against a blind draw; (num_items, S)."""
        lift = np.empty(self.item_weights.shape)
        for category in np.unique(self.item_category):
            members = self.item_category == category
            weights = self.item_weights[members]
            lift[members] = weights / weights.mean(axis=0)
        stray = self.stray_percent / 100
        return (1 - stray) * lift + stray

    def of_items(self, items: NDArray[np.integer]) -> StyleMixture:
        """The model of some items only, numbered in that order."""
        return replace(self, item_category=self.item_category[items], item_weights=self.item_weights[items])

    def preference(self, users: NDArray[np.integer], items: NDArray[np.integer]) -> NDArray[np.float64]:
        """Log-likelihood ratio of each outfit: posted by that user, against drawn blindly.

            log Σ_s t_us Π_k [(1 − m) P(i_k | s) + m Σ_r t_ur P(i_k | r)] / P(i_k)

        with the user's taste t and the mixing m. Of all scorers none tells a user's outfits from random ones
        better (Neyman and Pearson), so its AUC is the ceiling of every model's.

        Args:
            users: (N,).
            items: (N, K), global item ids, `NO_ITEM` in empty slots.

        Returns:
            float64 (N,).
        """
        tastes = self.taste_weights / self.taste_weights.sum(axis=1, keepdims=True)
        tastes = tastes[users]
        lift = self._lift[items]
        mixing = self.mixing_percent / 100
        mixed = (1 - mixing) * lift + mixing * (tastes[:, None, :] * lift).sum(axis=2, keepdims=True)
        worn = np.where((items == NO_ITEM)[..., None], 1.0, mixed)
        return np.log((tastes * worn.prod(axis=1)).sum(axis=1))

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        fields = {
            "item_category": self.item_category.tolist(),
            "item_weights": self.item_weights.tolist(),
            "taste_weights": self.taste_weights.tolist(),
            "mixing_percent": self.mixing_percent,
            "stray_percent": self.stray_percent,
        }
        path.write_text(json.dumps(fields, separators=(",", ":")) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> StyleMixture:
        """Read what `write` wrote."""
        fields = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            np.array(fields["item_category"], np.int8),
            np.array(fields["item_weights"], np.int64),
            np.array(fields["taste_weights"], np.int64),
            fields["mixing_percent"],
            fields["stray_percent"],
        )
