"""LPAE-u and LPAE-g: a user is a set of anchors, and a score the sum of an outfit's cosines with them.

Lu et al., *Personalized Outfit Recommendation with Learnable Anchors* (CVPR 2021,
https://openaccess.thecvf.com/content/CVPR2021/html/Lu_Personalized_Outfit_Recommendation_With_Learnable_Anchors_CVPR_2021_paper.html).

What the paper leaves open, and how it is here:

- Items are encoded as in the FND paper's XS. Outfits go through its masked set transformer too: two set
  attention blocks, then pooling on one seed. The public code adds the projected query where that adds the
  input, and drops out a fifth of the items' features.
- The score is the sum over anchors, as in the public code; a mean would differ by a factor only, which the
  temperature of the loss absorbs. Where the anchors stand at right angles, to which the regulariser drives
  them, 64 differ by up to √64 times as much as one, so the temperature is 1 here where others have 0.1.
- Anchors learn at a rate of their own, some thirty times the others': a taste is the sum of all, each of
  length 1, and every one has to come round to it.
- W and the anchors start as in the public code: N(0, √(2/d)), and uniform in ±√(3/d).
- The regulariser of the loss sees a user's own anchors only, not the general ones.
- Users on whom nothing was trained, *anchor-search*: no released code shows it. Here all known users' own
  anchors are ranked by their mean cosine with the new user's outfits, and as many of the best as each known
  user has are the new user's own; the general ones stay.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..backbone_model import BackboneModel
from ..backbones import Backbone, create_backbone
from ..options import ModelOptions
from ..registry import register_model
from ..set_transformer import SetTransformer
from ..vectors import unit

__all__ = ["LPAE", "lpae_g", "lpae_u"]


class LPAE(BackboneModel):
    """s(u, o) = Σ_k cos(W z_o + b, a_uk), over a user's own anchors and the general ones.

    Args:
        backbone: Items to vectors of width D.
        num_users: U.
        own: Anchors of each user.
        general: Anchors that all users share.
        feature_size: d.

    Attributes:
        anchors: Float (U, own, d).
        general_anchors: Float (general, d), or None where there are none.
    """

    cold_strategies = ("anchor-search",)

    def __init__(
        self, backbone: Backbone, num_users: int, *, own: int, general: int = 0, feature_size: int = 128
    ) -> None:
        super().__init__(backbone, num_users, feature_size)
        self.set_transformer = SetTransformer(feature_size)
        self.projection = nn.Linear(feature_size, feature_size)
        nn.init.normal_(self.projection.weight, std=math.sqrt(2 / feature_size))
        bound = math.sqrt(3 / feature_size)
        self.anchors = nn.Parameter(torch.empty(num_users, own, feature_size))
        nn.init.uniform_(self.anchors, -bound, bound)
        self.general_anchors = nn.Parameter(torch.empty(general, feature_size)) if general else None
        if self.general_anchors is not None:
            nn.init.uniform_(self.general_anchors, -bound, bound)

    def embed_outfits(self, features: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.embed_outfits`: the vectors W z_o + b."""
        return self.projection(self.set_transformer(features, categories < 0))

    def user_anchors(self, users: Tensor) -> Tensor:
        """See `OutfitModel.user_anchors`; the general ones are not among them."""
        return self.anchors[users]

    def score(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.score`; at most the number of anchors."""
        return (self.tastes(users) * unit(self.embed_outfits(features, categories))).sum(-1)

    def score_users(self, users: Tensor, features: Tensor, categories: Tensor, bank: Tensor) -> Tensor:
        """See `OutfitModel.score_users`; each outfit is embedded once."""
        return self.score(users, features, categories)

    def score_matrix(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.score_matrix`; each outfit is embedded once."""
        return self.score_tastes(self.tastes(users), features, categories)

    def cold_tastes(self, features: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.cold_tastes`: anchor-search."""
        known = unit(self.embed_outfits(features.flatten(0, 1), categories.flatten(0, 1)))
        anchors = unit(self.anchors).flatten(0, 1)
        with torch.autocast(known.device.type, enabled=False):
            # A mean of cosines is the product with the mean of unit vectors.
            cosines = known.unflatten(0, categories.shape[:2]).mean(1) @ anchors.mT
        return self._with_general(anchors[cosines.topk(self.anchors.shape[1]).indices].sum(-2))

    def score_tastes(self, tastes: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.score_tastes`; each outfit is embedded once."""
        outfits = unit(self.embed_outfits(features, categories))
        with torch.autocast(outfits.device.type, enabled=False):
            return tastes @ outfits.mT

    def tastes(self, users: Tensor) -> Tensor:
        """See `OutfitModel.tastes`: Σ_k a_uk / ‖a_uk‖, as a sum of cosines is the product with this sum."""
        return self._with_general(unit(self.anchors[users]).sum(-2))

    def _with_general(self, tastes: Tensor) -> Tensor:
        return tastes if self.general_anchors is None else tastes + unit(self.general_anchors).sum(0)


@register_model("lpae-u")
def lpae_u(options: ModelOptions) -> LPAE:
    """LPAE on AlexNet-small: 64 anchors for each user."""
    return LPAE(create_backbone(options, "alexnet-small"), options.num_users, own=64)


@register_model("lpae-g")
def lpae_g(options: ModelOptions) -> LPAE:
    """LPAE on AlexNet-small: 32 anchors for each user, and 32 that all share."""
    return LPAE(create_backbone(options, "alexnet-small"), options.num_users, own=32, general=32)
