"""OutfitNet: items that go together first, then what each user attends to and likes in an outfit.

Lin, Moosaei and Yang, *OutfitNet: Fashion Outfit Recommendation with Attention-Based Multiple Instance
Learning* (WWW 2020, https://doi.org/10.1145/3366423.3380096). Two stages are two models that share the items'
part: FIR, the item relevancy network, whose score knows no user, and OP, the outfit preference network, which
starts from FIR's trained weights.

There is no public code. What the paper leaves open, and how it is here:

- Items are encoded as in the FND paper's XS, and brought to length 1: what FIR learns are directions.
- FIR: items go together as far as their directions agree, and an outfit as its pairs do on average, a pair of
  tops like any other. It learns from whole outfits, a user's against a random one (BPR): random items are
  what does not go together.
- OP: attention is that of Ilse et al., *Attention-based deep multiple instance learning* (ICML 2018, Eq. 8),
  where the vector that weighs tanh(V f + c) is the user's own. The outfit is the weighted sum of its items,
  and the score its product with the user's direction. That sum is the longer the better its items agree, so
  what FIR learnt still counts.
- OP trains all of it, items included, by BPR again; FIR's weights are its start and nothing more.
- V starts from N(0, 1), as its inputs have length 1; users and their attention as random vectors of length
  about 1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..backbone_model import BackboneModel
from ..backbones import Backbone, create_backbone
from ..options import ModelOptions
from ..registry import register_model
from ..userless_model import UserlessModel
from ..vectors import unit

__all__ = ["FIR", "OutfitNet", "outfit_net", "outfit_net_fir"]


class FIR(UserlessModel):
    """s(o) = mean over pairs k < l of cos(f_k, f_l), the same for all users.

    An outfit of fewer than two items has no pair and scores 0.

    Args:
        backbone: Items to vectors.
        num_users: How many users are accepted; they have no parameters.
        feature_size: d.
    """

    needs_pairs = True

    def outfit_scores(self, features: Tensor, categories: Tensor) -> Tensor:
        """Mean cosine over an outfit's pairs, float (B,), in [−1, 1].

        The sum over all pairs is that of one square, so no pair is made.
        """
        with torch.autocast(features.device.type, enabled=False):
            items = _directions(features, categories)
            together = (items.sum(1).square().sum(-1) - items.square().sum((1, 2))) / 2
            count = (categories >= 0).sum(1)
            return together / (count * (count - 1) / 2).clamp(min=1)


class OutfitNet(BackboneModel):
    """s(u, o) = Σ_k a_uk cos(u, f_k), with a_uk the softmax over an outfit's items of w_uᵀ tanh(V f_k + c).

    f_k has length 1 in the attention, too. An outfit without items scores 0.

    Args:
        backbone: Items to vectors of width D.
        num_users: U.
        feature_size: d.

    Attributes:
        attended: V and c.
        attention: w, float (U, d).
    """

    exact_layers = ("attended",)

    def __init__(self, backbone: Backbone, num_users: int, feature_size: int = 128) -> None:
        super().__init__(backbone, num_users, feature_size)
        self.attended = nn.Linear(feature_size, feature_size)
        nn.init.normal_(self.attended.weight)
        nn.init.zeros_(self.attended.bias)
        self.attention, self.users = (nn.Embedding(num_users, feature_size) for _ in range(2))
        for of_users in (self.attention, self.users):
            nn.init.normal_(of_users.weight, std=1 / math.sqrt(feature_size))

    def score(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.score`; in [−1, 1]."""
        with torch.autocast(features.device.type, enabled=False):
            items, hidden = self._items(features, categories)
            tastes = (unit(self.users(users)).unsqueeze(1) * items).sum(-1)
            logits = (self.attention(users).unsqueeze(1) * hidden).sum(-1)
            return _attended(tastes, logits, categories)

    def score_matrix(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.score_matrix`; what does not depend on the user is computed once an item."""
        with torch.autocast(features.device.type, enabled=False):
            items, hidden = self._items(features, categories)
            tastes, logits = (
                (of_users @ of_items.flatten(0, 1).mT).unflatten(1, categories.shape)
                for of_users, of_items in (
                    (unit(self.users(users)), items),
                    (self.attention(users), hidden),
                )
            )
            return _attended(tastes, logits, categories)

    def _items(self, features: Tensor, categories: Tensor) -> tuple[Tensor, Tensor]:
        """Both float (B, K, d): f, and tanh(V f + c)."""
        items = _directions(features, categories)
        return items, torch.tanh(self.attended(items))


def _attended(tastes: Tensor, logits: Tensor, categories: Tensor) -> Tensor:
    """Σ_k softmax_k(logits) · tastes over the items that there are, float (…,) from (…, K)."""
    weights = logits.masked_fill(categories < 0, torch.finfo(logits.dtype).min).softmax(-1)
    return (weights * tastes).sum(-1)


def _directions(features: Tensor, categories: Tensor) -> Tensor:
    """Items at length 1, in float32 at least; 0 in empty slots."""
    return unit(features.masked_fill((categories < 0).unsqueeze(-1), 0.0))


@register_model("outfit-net-fir")
def outfit_net_fir(options: ModelOptions) -> FIR:
    """OutfitNet's first stage on AlexNet-small: which items go together; knows no users."""
    return FIR(create_backbone(options, "alexnet-small"), options.num_users)


@register_model("outfit-net")
def outfit_net(options: ModelOptions) -> OutfitNet:
    """OutfitNet's second stage on AlexNet-small: what a user attends to and likes; starts from the first."""
    return OutfitNet(create_backbone(options, "alexnet-small"), options.num_users)
