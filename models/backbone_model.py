"""What most methods share: items through a backbone and a head."""

from __future__ import annotations

from torch import Tensor, nn

from .backbones.backbone import Backbone
from .initial import initialise_rectified
from .outfit_model import OutfitModel

__all__ = ["BackboneModel"]


class BackboneModel(OutfitModel):
    """A model whose items go through a backbone and then a head, D→D/2→d with a ReLU between.

    The head is one for all categories.

    Args:
        backbone: Items to vectors of width D.
        num_users: U.
        feature_size: d.
    """

    def __init__(self, backbone: Backbone, num_users: int, feature_size: int = 128) -> None:
        super().__init__()
        self.num_users = num_users
        self.backbone_name = backbone.name
        self.feature_size = feature_size
        self.input_kind = backbone.input_kind
        self.input_size = backbone.input_size
        self.backbone = backbone
        hidden = max(backbone.width // 2, 1)
        self.head = nn.Sequential(
            nn.Linear(backbone.width, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, feature_size)
        )
        initialise_rectified(self.head)

    def encode_items(self, images: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.encode_items`; the categories are not used."""
        return self.head(self.backbone(images))
