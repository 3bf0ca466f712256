"""What a model's scores are where they are the same for all users."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor

from .backbone_model import BackboneModel
from .outfit_model import NO_USER

__all__ = ["UserlessModel"]


class UserlessModel(BackboneModel):
    """A model that knows no users: an outfit is scored once, for whoever asks.

    Args:
        backbone: Items to vectors of width D.
        num_users: How many users are accepted; they have no parameters.
        feature_size: d.
    """

    cold_strategies = (NO_USER,)

    @abstractmethod
    def outfit_scores(self, features: Tensor, categories: Tensor) -> Tensor:
        """Score of each outfit for all users, float (B,); arguments as for `OutfitModel.score`."""

    def score(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.score`; the same for all users."""
        return self.outfit_scores(features, categories)

    def score_users(self, users: Tensor, features: Tensor, categories: Tensor, bank: Tensor) -> Tensor:
        """See `OutfitModel.score_users`; each outfit is scored once."""
        return self.outfit_scores(features, categories).expand(users.shape)

    def score_matrix(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.score_matrix`; each outfit is scored once."""
        return self.outfit_scores(features, categories).expand(len(users), -1)
