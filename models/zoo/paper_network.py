"""The network of the FND paper: the teacher, and the students XS, S and M.

Kim et al., *False Negative Distillation and Contrastive Learning for Personalized Outfit Recommendation*,
Sections 3.1, 4.1.4 and 4.7. The four differ in their backbone alone.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..backbones import Backbone, create_backbone
from ..initial import initialise_rectified
from ..options import ModelOptions
from ..outfit_model import OutfitModel
from ..registry import register_model
from ..set_transformer import SetTransformer

__all__ = ["PaperNetwork", "student_m", "student_s", "student_xs", "teacher"]


class PaperNetwork(OutfitModel):
    """Backbone and head, set transformer, and the cosine between the outfit and its user (Eq. 9).

    The head, D→D/2→d with a ReLU between, is one for all categories. Users start as random vectors of length
    about 1: the cosine does not see the length, but its gradient shrinks with it, so PyTorch's √d would hold
    the users back.

    Args:
        backbone: Items to vectors of width D.
        num_users: U.
        feature_size: d.
        heads: Of the set transformer.
    """

    def __init__(self, backbone: Backbone, num_users: int, feature_size: int = 128, heads: int = 8) -> None:
        super().__init__()
        self.num_users = num_users
        self.backbone_name = backbone.name
        self.feature_size = feature_size
        self.input_kind = backbone.input_kind
        self.input_size = backbone.input_size
        self.backbone = backbone
        hidden = backbone.width // 2
        self.head = nn.Sequential(
            nn.Linear(backbone.width, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, feature_size)
        )
        initialise_rectified(self.head)
        self.set_transformer = SetTransformer(feature_size, heads)
        self.users = nn.Embedding(num_users, feature_size)
        nn.init.normal_(self.users.weight, std=1 / math.sqrt(feature_size))

    def encode_items(self, images: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.encode_items`; the categories are not used."""
        return self.head(self.backbone(images))

    def embed_outfits(self, features: Tensor, categories: Tensor) -> Tensor:
        """Outfits as vectors o_j (Eqs. 6–8).

        Args:
            features: Float (B, K, d).
            categories: int64 (B, K), −1 where a slot is empty.

        Returns:
            Float (B, d).
        """
        return self.set_transformer(features, categories < 0)

    def score(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.score`; in [−1, 1]."""
        return (_unit(self.users(users)) * _unit(self.embed_outfits(features, categories))).sum(-1)

    def score_matrix(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.score_matrix`; each outfit is embedded once."""
        outfits = _unit(self.embed_outfits(features, categories))
        with torch.autocast(outfits.device.type, enabled=False):
            return _unit(self.users(users)) @ outfits.mT


def _unit(vectors: Tensor) -> Tensor:
    """Vectors scaled to length 1, in float32 at least."""
    return nn.functional.normalize(vectors, dim=-1)


@register_model("teacher")
def teacher(options: ModelOptions) -> PaperNetwork:
    """AlexNet-large."""
    return PaperNetwork(create_backbone(options, "alexnet-large"), options.num_users)


@register_model("student-xs")
def student_xs(options: ModelOptions) -> PaperNetwork:
    """AlexNet-small."""
    return PaperNetwork(create_backbone(options, "alexnet-small"), options.num_users)


@register_model("student-s")
def student_s(options: ModelOptions) -> PaperNetwork:
    """AlexNet with its fully connected layers at a quarter of their width."""
    return PaperNetwork(create_backbone(options, "alexnet-s"), options.num_users)


@register_model("student-m")
def student_m(options: ModelOptions) -> PaperNetwork:
    """AlexNet with its fully connected layers at half of their width."""
    return PaperNetwork(create_backbone(options, "alexnet-m"), options.num_users)
