"""The face that every method shows to training, evaluation, measuring and export."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from .errors import ModelError

__all__ = ["AVG", "NO_USER", "REQUIRED_ATTRIBUTES", "W_AVG", "OutfitModel", "check_scores"]

REQUIRED_ATTRIBUTES = ("num_users", "backbone_name", "feature_size", "input_kind", "input_size")
"""What every model has beside its methods."""

AVG = "avg"
"""Scores a user on whom nothing was trained by the mean of similar known users (`evaluation.cold_start`)."""

W_AVG = "w-avg"
"""The same with the more similar ones weighing more."""

NO_USER = "no-user"
"""Scores whomever alike: a model that knows no users."""


class OutfitModel(nn.Module, ABC):
    """Two parts: items to features, and the features of an outfit with its user to a score.

    Callers encode each distinct item once and gather its features for every outfit that wears it, so in
    evaluation `encode_items` must not depend on the other items of its batch. In training a backbone with
    BatchNorm does (`Backbone`).

    A model that keeps its image network as an attribute `backbone` (a `Backbone`), and asks nothing else of
    the images, can be trained with that part frozen: `evaluation.frozen`, the one way to freeze, computes the
    backbone's vectors of all items once, and puts a `FeatureBackbone` that takes them in its place.

    Beyond `encode_items` and `score`, a model may offer what not all have, each with a flag to ask by:

    - outfits as vectors (`has_outfit_vectors`): `embed_outfits`;
    - users as vectors, too, whose cosine with an outfit's is the score (`has_user_vectors`): `user_vectors`;
    - users as tastes, whose product with an outfit's direction is the score (`has_tastes`): `tastes`;
    - distances of pairs of items (`has_pair_distances`): `pair_distances`, and with it, where masks make the
      distance, `mask_norm`;
    - vectors of the two items of a pair, made for each other (`has_pair_vectors`): `pair_vectors`;
    - users as several vectors (`has_user_anchors`): `user_anchors`;
    - scores that depend on the items that an outfit is ranked among (`has_item_bank`): `score_among` and
      `score_matrix_among`, which callers ask of every model; without an item bank they are `score` and
      `score_matrix`;
    - the items of an outfit one after the other, each foretold (`has_next_item_losses`): `next_item_losses`;
    - a way of its own to users on whom nothing was trained (a name in `cold_strategies` that is none of
      `AVG`, `W_AVG` and `NO_USER`): `cold_tastes` and `score_tastes`.

    Attributes:
        num_users: How many users have parameters of their own, or are accepted by a model that has none.
        num_categories: C; its items are of categories 0 … C − 1. `create_model` says how many.
        backbone_name: The network that encodes the items, by name; "features" for feature input.
        feature_size: D, the width of an item's features.
        input_kind: "image" for float (n, 3, H, W) in [0, 1], "features" for float (n, F).
        input_size: H = W in pixels that the method is made for, or F for feature input.
        keeps_slot_order: Whether items of one category count in the order of their slots, so that two tops
            swapped are another outfit. In which order the categories stand never matters.
        cold_strategies: The ways in which it scores users on whom nothing was trained, each a row of a table.
        needs_pairs: Whether it scores nothing but pairs of items, so that an outfit of one tells it nothing.
        exact_layers: Names of layers that compute in float32 whatever the rest computes in: engines of fewer
            bits leave them as they are.
    """

    num_users: int
    num_categories: int = 3
    backbone_name: str
    feature_size: int
    input_kind: str
    input_size: int
    keeps_slot_order: bool = False
    cold_strategies: tuple[str, ...] = (AVG, W_AVG)
    needs_pairs: bool = False
    exact_layers: tuple[str, ...] = ()

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
        scores = self.score(
            users.repeat_interleave(outfits),
            features.repeat(rows, 1, 1),
            categories.repeat(rows, 1),
        )
        return check_scores(self, scores, rows * outfits).reshape(rows, outfits)

    @property
    def has_item_bank(self) -> bool:
        """Whether `score_among` goes by the bank that it is given."""
        return self._overrides("score_among")

    def score_among(self, users: Tensor, features: Tensor, categories: Tensor, bank: Tensor) -> Tensor:
        """Preference scores as `score` gives them, where other items than the outfits' own are known.

        A model with an item bank overrides it and `score_matrix_among`; its `score`, which knows no others,
        ranks each outfit among its own items, so that no outfit's score depends on its batch.

        Args:
            users: int64 (B,).
            features: Float (B, K, D); what stands in an empty slot is ignored.
            categories: int64 (B, K), −1 where a slot is empty.
            bank: Float (n, D), n of 1 or more: the features of all items that are ranked among, each once. In
                training those of the step, in evaluation those of the candidates.

        Returns:
            Float (B,), greater is better; comparable for one bank only.
        """
        return self.score(users, features, categories)

    def score_matrix_among(self, users: Tensor, features: Tensor, categories: Tensor, bank: Tensor) -> Tensor:
        """What `score_matrix` is to `score`, to `score_among`: float (U, B)."""
        return self.score_matrix(users, features, categories)

    def score_users(self, users: Tensor, features: Tensor, categories: Tensor, bank: Tensor) -> Tensor:
        """Preference scores of several users for each outfit, as `score_among` gives them.

        The default calls `score_among` for one user an outfit after another; a method whose outfit part does
        not depend on the user overrides it.

        Args:
            users: int64 (V, B): V users for each outfit.
            features: Float (B, K, D); what stands in an empty slot is ignored.
            categories: int64 (B, K), −1 where a slot is empty.
            bank: Float (n, D); see `score_among`.

        Returns:
            Float (V, B).
        """
        scores = (self.score_among(each, features, categories, bank) for each in users)
        return torch.stack([check_scores(self, each, len(features)) for each in scores])

    @property
    def has_next_item_losses(self) -> bool:
        """Whether it foretells an outfit's items one by one; objectives over that need it."""
        return self._overrides("next_item_losses")

    def next_item_losses(self, features: Tensor, categories: Tensor, bank: Tensor) -> tuple[Tensor, Tensor]:
        """How badly each outfit's items are foretold, read forward and read backward.

        Args:
            features: Float (B, K, D); what stands in an empty slot is ignored.
            categories: int64 (B, K), −1 where a slot is empty.
            bank: Float (n, D), the features of the items that an item is told from, each once.

        Returns:
            The mean cross-entropy of each outfit's predictions forward, float (B,), not negative where its
            items are in the bank; and backward. 0 for an outfit without items.

        Raises:
            ModelError: If it reads no items (`has_next_item_losses`).
        """
        raise self._lacks("losses of the next item (next_item_losses)")

    @property
    def has_outfit_vectors(self) -> bool:
        """Whether an outfit is one vector, the same for all users; contrastive objectives need it."""
        return self._overrides("embed_outfits")

    def embed_outfits(self, features: Tensor, categories: Tensor) -> Tensor:
        """Outfits as vectors, whoever wears them.

        Args:
            features: Float (B, K, D); what stands in an empty slot is ignored.
            categories: int64 (B, K), −1 where a slot is empty.

        Returns:
            Float (B, d).

        Raises:
            ModelError: If its outfits are no vectors (`has_outfit_vectors`).
        """
        raise self._lacks("outfit vectors (embed_outfits)")

    @property
    def has_user_vectors(self) -> bool:
        """Whether a user is one vector, and the score its cosine with the outfit's (`embed_outfits`)."""
        return self._overrides("user_vectors")

    def user_vectors(self) -> Tensor:
        """The users' vectors: the weights themselves, float (num_users, d).

        Raises:
            ModelError: If its users are none (`has_user_vectors`).
        """
        raise self._lacks("vectors of users (user_vectors)")

    @property
    def has_tastes(self) -> bool:
        """Whether a score is the product of a vector of the user's with the outfit's direction.

        Then the best of many outfits are found by one product of matrices (`evaluation.top_k`).
        """
        return self._overrides("tastes")

    def tastes(self, users: Tensor) -> Tensor:
        """Users as vectors t, so that a score is t · o / ‖o‖ with the outfit's vector o of `embed_outfits`.

        Args:
            users: int64 (n,).

        Returns:
            Float (n, d), of any length.

        Raises:
            ModelError: If its scores are no such products (`has_tastes`).
        """
        raise self._lacks("tastes of users (tastes)")

    @property
    def has_pair_distances(self) -> bool:
        """Whether it tells how well two items go together; objectives over pairs of items need it."""
        return self._overrides("pair_distances")

    def pair_distances(
        self, features_a: Tensor, features_b: Tensor, categories_a: Tensor, categories_b: Tensor
    ) -> Tensor:
        """How badly each item goes with the item in the same row.

        Args:
            features_a: Float (n, D).
            features_b: Float (n, D).
            categories_a: int64 (n,).
            categories_b: int64 (n,).

        Returns:
            Float (n,), not negative, 0 for a perfect match.

        Raises:
            ModelError: If it knows no pairs (`has_pair_distances`).
        """
        raise self._lacks("distances of pairs (pair_distances)")

    @property
    def has_pair_vectors(self) -> bool:
        """Whether an item's vector depends on the item that it is paired with."""
        return self._overrides("pair_vectors")

    def pair_vectors(
        self, features_a: Tensor, features_b: Tensor, categories_a: Tensor, categories_b: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The two items of each pair as vectors, whose distance is that of the pair.

        Args:
            features_a: Float (n, D).
            features_b: Float (n, D).
            categories_a: int64 (n,).
            categories_b: int64 (n,).

        Returns:
            Float (n, d) of the first items, and of the second.

        Raises:
            ModelError: If it makes none (`has_pair_vectors`).
        """
        raise self._lacks("vectors of pairs (pair_vectors)")

    @property
    def has_user_anchors(self) -> bool:
        """Whether a user is several vectors, which objectives may keep apart."""
        return self._overrides("user_anchors")

    def user_anchors(self, users: Tensor) -> Tensor:
        """The vectors that each user alone has.

        Args:
            users: int64 (n,).

        Returns:
            Float (n, A, d).

        Raises:
            ModelError: If its users have none (`has_user_anchors`).
        """
        raise self._lacks("anchors of users (user_anchors)")

    def cold_tastes(self, features: Tensor, categories: Tensor) -> Tensor:
        """Users on whom nothing was trained, each as a vector made of the outfits that are known of them.

        Args:
            features: Float (P, n, K, D), n outfits of each of P users; an empty slot's is ignored.
            categories: int64 (P, n, K), −1 where a slot is empty.

        Returns:
            Float (P, d).

        Raises:
            ModelError: If it has no way of its own (`cold_strategies`).
        """
        raise self._lacks("tastes of new users (cold_tastes)")

    def score_tastes(self, tastes: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        """Preference scores of each of those users for every outfit.

        Args:
            tastes: Float (P, d), of `cold_tastes`.
            features: Float (B, K, D); what stands in an empty slot is ignored.
            categories: int64 (B, K), −1 where a slot is empty.

        Returns:
            Float (P, B), greater is better.

        Raises:
            ModelError: If it has no way of its own (`cold_strategies`).
        """
        raise self._lacks("scores of new users (score_tastes)")

    def mask_norm(self) -> Tensor | None:
        """‖m‖₁ of the masks that `pair_distances` lays over features, a scalar; None where there are none."""
        return None

    def _overrides(self, method: str) -> bool:
        return getattr(type(self), method) is not getattr(OutfitModel, method)

    def _lacks(self, what: str) -> ModelError:
        return ModelError(f"model {type(self).__name__}: found no {what}, expected a model that has them")


def check_scores(model: OutfitModel, scores: Tensor, *shape: int) -> Tensor:
    """What a model's `score` gives, or its `score_users`, held to be one score for each outfit.

    Args:
        model: Who scored, for the message.
        scores: What came of it.
        shape: How many outfits were to be scored; how many users for each before it, where there are several.

    Returns:
        The scores.

    Raises:
        ModelError: If they are no tensor, or have another shape.
    """
    is_tensor = isinstance(scores, Tensor)  # a stranger's method may give anything
    if not is_tensor or scores.shape != shape:
        method = "score" if len(shape) == 1 else "score_users"
        what = (
            f"scores of shape {tuple(scores.shape)}"
            if is_tensor
            else f"a {type(scores).__name__}, no tensor,"
        )
        raise ModelError(
            f"model {type(model).__name__}, what its `{method}` gives: found {what} for {shape[-1]} outfits, "
            f"expected {shape}"
        )
    return scores
