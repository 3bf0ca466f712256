"""The hidden model: styles that choose items, and users who choose styles."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..tables import NO_ITEM

__all__ = ["StyleMixture"]


@dataclass(frozen=True, eq=False)
class StyleMixture:
    """How outfits come about: a user chooses a style, the style chooses an item for each slot.

    All weights are whole numbers, so that the same outfits are drawn on every machine.

    Attributes:
        item_category: int8 (num_items,).
        item_weights: int64 (num_items, S): style s takes item i with a probability proportional to its weight
            among the items of its category.
        taste_weights: int64 (num_users, S): user u takes style s with a probability proportional to its weight.
        stray_percent: How often, in percent, a slot is filled with any item of its category instead.

    Example:
        >>> model = StyleMixture(np.int8([0, 0, 1, 1]), np.int64([[9, 1], [1, 9]] * 2), np.int64([[1, 0]]), 10)
        >>> model.preference(np.int64([0, 0]), np.int64([[0, 2], [1, 3]])).round(2).tolist()
        [1.08, -2.55]
    """

    item_category: NDArray[np.int8]
    item_weights: NDArray[np.int64]
    taste_weights: NDArray[np.int64]
    stray_percent: int

    @property
    def num_users(self) -> int:
        """Number of users."""
        return len(self.taste_weights)

    @property
    def num_styles(self) -> int:
        """S, the number of styles."""
        return self.item_weights.shape[1]

    @cached_property
    def _lift(self) -> NDArray[np.float64]:
        """Probability of each item under each style over its probability when drawn blindly, (num_items, S)."""
        lift = np.empty(self.item_weights.shape)
        for category in np.unique(self.item_category):
            members = self.item_category == category
            weights = self.item_weights[members]
            lift[members] = weights / weights.mean(axis=0)
        stray = self.stray_percent / 100
        return (1 - stray) * lift + stray

    def preference(self, users: NDArray[np.integer], items: NDArray[np.integer]) -> NDArray[np.float64]:
        """Log-likelihood ratio of each outfit: posted by that user, against drawn blindly.

        log Σ_s t_us Π_k P(i_k | s) / P(i_k), with t the user's taste. Of all scorers none separates a user's
        outfits from random ones better (Neyman and Pearson), so its AUC is the ceiling for every model.

        Args:
            users: (N,).
            items: (N, K), global item ids, `NO_ITEM` in empty slots.

        Returns:
            float64 (N,).
        """
        tastes = self.taste_weights / self.taste_weights.sum(axis=1, keepdims=True)
        return np.log((tastes[users] * self._style_evidence(items)).sum(axis=1))

    def coherence(self, items: NDArray[np.integer]) -> NDArray[np.float64]:
        """The same for a user who likes every style alike: how well the items go together, float64 (N,)."""
        return np.log(self._style_evidence(items).mean(axis=1))

    def _style_evidence(self, items: NDArray[np.integer]) -> NDArray[np.float64]:
        """Π_k P(i_k | s) / P(i_k), float64 (N, S); an empty slot says nothing."""
        lift = np.where((items == NO_ITEM)[..., None], 1.0, self._lift[items])
        return lift.prod(axis=1)

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        fields = {
            "item_category": self.item_category.tolist(),
            "item_weights": self.item_weights.tolist(),
            "taste_weights": self.taste_weights.tolist(),
            "stray_percent": self.stray_percent,
        }
        path.write_text(json.dumps(fields, separators=(",", ":")), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> StyleMixture:
        """Read what `write` wrote."""
        fields = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            np.array(fields["item_category"], np.int8),
            np.array(fields["item_weights"], np.int64),
            np.array(fields["taste_weights"], np.int64),
            fields["stray_percent"],
        )
