"""The face that every method shows to training, evaluation, measuring and export."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

__all__ = ["OutfitModel"]


class OutfitModel(nn.Module, ABC):
    """Two parts: items to features, and the features of an outfit with its user to a score.

    Callers encode each distinct item once and gather its features for every outfit that wears it, so
    `encode_items` must not depend on the other items of its batch.

    Attributes:
        num_users: How many users have parameters of their own.
        backbone_name: The network that encodes the items, by name; "features" for feature input.
        feature_size: D, the width of an item's features.
        input_kind: "image" for float (n, 3, H, W) in [0, 1], "features" for float (n, F).
        input_size: H = W in pixels that the method is made for, or F for feature input.
    """

    num_users: int
    backbone_name: str
    feature_size: int
    input_kind: str
    input_size: int

    @abstractmethod
    def encode_items(self, images: Tensor, categories: Tensor) -> Tensor:
        """Encode items.

        Args:
            images: Float (n, 3, H, W) in [0, 1], or float (n, F) when `input_kind` is "features".
            categories: int64 (n,).

        Returns:
            Float (n, D).
        """

    @abstractmethod
    def score(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        """Preference score of each user for the outfit in the same row.

        Args:
            users: int64 (B,).
            features: Float (B, K, D); what stands in an empty slot is ignored.
            categories: int64 (B, K), −1 where a slot is empty.

        Returns:
            Float (B,), greater is better.
        """

    def score_matrix(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        """Preference scores of every user for every outfit.

        The default calls `score` on all pairs; a method whose outfit part does not depend on the user
        overrides it.

        Args:
            users: int64 (U,).
            features: Float (B, K, D).
            categories: int64 (B, K).

        Returns:
            Float (U, B).
        """
        rows, outfits = len(users), len(features)
        return self.score(
            users.repeat_interleave(outfits),
            features.repeat(rows, 1, 1),
            categories.repeat(rows, 1),
        ).reshape(rows, outfits)
