"""FHN: a weighted product of user and item, and of item and item, without binarization.

Lu et al., *Learning Binary Code for Personalized Fashion Recommendation* (CVPR 2019,
https://openaccess.thecvf.com/content_CVPR_2019/html/Lu_Learning_Binary_Code_for_Personalized_Fashion_Recommendation_CVPR_2019_paper.html),
on images alone, and with real-valued codes as in the FND paper's tables: neither sign nor tanh is taken.

What the paper leaves open, and how it is here:

- Items are encoded as in the FND paper's XS as far as the backbone; each category then has an encoder of its
  own. Dropout of 0.5 stands before each of its two layers where the backbone starts from ImageNet weights, as
  in the public code. Over one that starts from random weights there is none, as in the FND paper's network
  (`create_alexnet`): its noise hides what tells garments apart.
- Users want a rate of their own, some hundred times the others' (the public code: 5 for users, 0.01 for λ,
  0.005 for the encoders, 0.001 for the backbone). Both terms of the score are means over d, so a user's
  gradient is small; at one rate for all, the items' term alone learns, and the score stays at chance.
- Two items of one category (two tops) make no pair. The public code fills the slot of a missing second
  top with the first one again, which counts that top twice; here the slot is left out.
- The public code's single-weighted variants weigh the wrong product for the items (`core(x)` for `core(y)`);
  both products have weights of their own here, so nothing of that remains.
- The last layer of each encoder starts from N(0, 0.05), small (0.01 in the public code): products of larger
  features outweigh the user from the first step on. The first one starts as in the FND paper's network, and a
  user as a random vector of length about 1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..backbone_model import BackboneModel
from ..backbones import Backbone, create_backbone
from ..initial import initialise_rectified
from ..options import ModelOptions
from ..registry import register_model

__all__ = ["FHN", "fhn"]

_SCALE = 10.0

_DROPOUT = 0.5
"""Goes with ImageNet weights."""

_LAST_LAYER = 0.05
"""Standard deviation of the initial weights of an encoder's last layer."""


class FHN(BackboneModel):
    """s(u, o) = 10 · [mean over k, d of λᵘ_d u_d h_kd + mean over k < l, d of λⁱ_d h_kd h_ld].

    h_k are the features of the outfit's items; the second mean is over pairs of different categories, and 0
    where there are none.

    Args:
        backbone: Items to vectors of width D.
        num_users: U.
        num_categories: Each has an encoder.
        feature_size: d.
        dropout: Share of an encoder's inputs, and of its hidden units, that training leaves out.

    Attributes:
        user_weights: λᵘ, float (d,), initially 1.
        item_weights: λⁱ, float (d,), initially 1.
    """

    def __init__(
        self,
        backbone: Backbone,
        num_users: int,
        num_categories: int,
        *,
        feature_size: int = 128,
        dropout: float = 0.0,
    ) -> None:
        heads = CategoryHeads(num_categories, backbone.width, feature_size, dropout)
        super().__init__(backbone, num_users, feature_size, heads)
        self.users = nn.Embedding(num_users, feature_size)
        nn.init.normal_(self.users.weight, std=1 / math.sqrt(feature_size))
        self.user_weights = nn.Parameter(torch.ones(feature_size))
        self.item_weights = nn.Parameter(torch.ones(feature_size))

    def encode_items(self, images: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.encode_items`; each item by the encoder of its category."""
        return self.head(self.backbone(images), categories)

    def score(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.score`."""
        outfits, together = self._outfit_parts(features, categories)
        with torch.autocast(features.device.type, enabled=False):
            return _SCALE * ((self._tastes(users) * outfits).mean(-1) + together)

    def score_users(self, users: Tensor, features: Tensor, categories: Tensor, bank: Tensor) -> Tensor:
        """See `OutfitModel.score_users`; each outfit is taken apart once."""
        return self.score(users, features, categories)

    def score_matrix(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.score_matrix`; what the items are to each other is computed once."""
        outfits, together = self._outfit_parts(features, categories)
        with torch.autocast(features.device.type, enabled=False):
            return _SCALE * (self._tastes(users) @ outfits.mT / self.feature_size + together)

    def _tastes(self, users: Tensor) -> Tensor:
        """λᵘ ⊙ u, float (B, d)."""
        return self.user_weights * self.users(users)

    def _outfit_parts(self, features: Tensor, categories: Tensor) -> tuple[Tensor, Tensor]:
        """The mean item of each outfit, float (B, d), and the mean product of its pairs, float (B,).

        Each item is multiplied with the sum of those of other categories, so no pair is made.
        """
        precision = torch.promote_types(features.dtype, torch.float32)
        worn = categories >= 0
        with torch.autocast(features.device.type, enabled=False):
            items = features.to(precision).masked_fill(~worn.unsqueeze(-1), 0.0)
            apart = categories.unsqueeze(2) != categories.unsqueeze(1)
            apart = (apart & worn.unsqueeze(2) & worn.unsqueeze(1)).to(precision)
            products, pairs = (items * (apart @ items)).sum(1), apart.sum((1, 2))  # both count a pair twice
            together = (self.item_weights * products).mean(-1) / pairs.clamp(min=1)
            return items.sum(1) / worn.sum(1, keepdim=True).clamp(min=1), together


class CategoryHeads(nn.Module):
    """An encoder a category: dropout, D→D/2, ReLU, dropout, D/2→d without bias.

    Args:
        num_categories: C.
        width: D.
        feature_size: d.
        dropout: Share that is left out in training.
    """

    def __init__(self, num_categories: int, width: int, feature_size: int, dropout: float) -> None:
        super().__init__()
        hidden = max(width // 2, 1)
        encoders = [
            nn.Sequential(
                nn.Dropout(dropout),
                nn.Linear(width, hidden),
                nn.ReLU(inplace=True),
                nn.Dropout(dropout),
                nn.Linear(hidden, feature_size, bias=False),
            )
            for _ in range(num_categories)
        ]
        for encoder in encoders:
            initialise_rectified(encoder)
            nn.init.normal_(encoder[-1].get_parameter("weight"), std=_LAST_LAYER)
        self.encoders = nn.ModuleList(encoders)

    def forward(self, vectors: Tensor, categories: Tensor) -> Tensor:
        """Encode vectors, float (n, D), of categories, int64 (n,), to float (n, d).

        All encoders see all items, of which each keeps one: next to the backbone they cost nothing.
        """
        encoded = torch.stack([encoder(vectors) for encoder in self.encoders], 1)
        return encoded.gather(1, categories.view(-1, 1, 1).expand(-1, 1, encoded.shape[-1])).squeeze(1)


@register_model("fhn")
def fhn(options: ModelOptions) -> FHN:
    """FHN on AlexNet-small, without binarization: user times item plus item times item."""
    dropout = _DROPOUT if options.pretrained else 0.0
    backbone = create_backbone(options, "alexnet-small")
    return FHN(backbone, options.num_users, options.num_categories, dropout=dropout)
