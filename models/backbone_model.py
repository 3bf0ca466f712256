"""What most methods share: items through a backbone and a head."""

from __future__ import annotations

from torch import Tensor, nn

from .backbones.backbone import Backbone
from .initial import initialise_rectified
from .outfit_model import OutfitModel

__all__ = ["BackboneModel"]


class BackboneModel(OutfitModel):
    """A model whose items go through a backbone and then a head, D→D/2→d with a ReLU between.

    The head is one for all categories, unless a model brings one of its own.

    Args:
        backbone: Items to vectors of width D.
        num_users: U.
        feature_size: d.
        head: Vectors (n, D) to features (n, d); None for the one above.
    """

    def __init__(
        self, backbone: Backbone, num_users: int, feature_size: int = 128, head: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.num_users = num_users
        self.backbone_name = backbone.name
        self.feature_size = feature_size
        self.input_kind = backbone.input_kind
        self.input_size = backbone.input_size
        self.backbone = backbone
        self.head = _plain_head(backbone.width, feature_size) if head is None else head

    def encode_items(self, images: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.encode_items`; the categories are not used."""
        return self.head(self.backbone(images))


def _plain_head(width: int, feature_size: int) -> nn.Sequential:
    hidden = max(width // 2, 1)
    head = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, feature_size))
    initialise_rectified(head)
    return head
