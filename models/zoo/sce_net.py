"""SCE-Net: how far two items are apart, under conditions that are weighted anew for each pair.

Tan et al., *Learning Similarity Conditions Without Explicit Supervision* (ICCV 2019,
https://arxiv.org/abs/1908.08589), with one set of conditions for all pairs. Items are encoded as
in the FND paper's XS, each once: the public code runs its network again for every condition.

What the paper leaves open, and where the public code differs:

- Masks are rectified in training and in testing alike.
- Masked features are brought to length 1 over the feature axis. The public code divides by norms whose axis
  was dropped, which on today's PyTorch is another axis.
- The weight branch sees two items at length 1, as in the public code. It gives other weights to (a, b) than
  to (b, a); here a pair's weights are the mean of the two, so that the order of items does not matter.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..backbones import Backbone, create_backbone
from ..options import ModelOptions
from ..pairs import pairs_of
from ..registry import register_model
from ..userless_model import UserlessModel
from ..vectors import at_least_float32, distances

__all__ = ["SCENet", "sce_net"]

_CONDITIONS = 5
_HIDDEN = 32

_SHORTEST = 1e-12
"""Squared length below which a vector is not drawn out to length 1; it may be 0."""


class SCENet(UserlessModel):
    """d(a, b) = ‖e(a) − e(b)‖₂ with e = Σ_c w_c · normalise(m_c ⊙ f), 0 ≤ d ≤ 2.

    m_c is the ReLU of what is learnt; w are the weights that the branch gives the pair. The score of an
    outfit is minus the mean distance over its pairs; an outfit of fewer than two items has none and scores 0.

    Args:
        backbone: Items to vectors.
        num_users: How many users are accepted; they have no parameters.
        feature_size: d.

    Attributes:
        masks: Float (5, d), before ReLU; initially from N(0.9, 0.7).
    """

    exact_layers = ("joined", "weights")

    def __init__(self, backbone: Backbone, num_users: int, feature_size: int = 128) -> None:
        super().__init__(backbone, num_users, feature_size)
        self.masks = nn.Parameter(torch.empty(_CONDITIONS, feature_size))
        nn.init.normal_(self.masks, 0.9, 0.7)
        self.joined = nn.Linear(2 * feature_size, _HIDDEN)
        self.weights = nn.Linear(_HIDDEN, _CONDITIONS)

    def mask_norm(self) -> Tensor:
        """See `OutfitModel.mask_norm`; over all masks as they are applied."""
        return torch.relu(self.masks).sum()

    def pair_vectors(
        self, features_a: Tensor, features_b: Tensor, categories_a: Tensor, categories_b: Tensor
    ) -> tuple[Tensor, Tensor]:
        """See `OutfitModel.pair_vectors`; the categories are not used."""
        with torch.autocast(features_a.device.type, enabled=False):
            one, other = (at_least_float32(features) for features in (features_a, features_b))
            return self._pair_vectors(one, other, self._parts(one), self._parts(other))

    def pair_distances(
        self, features_a: Tensor, features_b: Tensor, categories_a: Tensor, categories_b: Tensor
    ) -> Tensor:
        """See `OutfitModel.pair_distances`."""
        return distances(*self.pair_vectors(features_a, features_b, categories_a, categories_b))

    def outfit_scores(self, features: Tensor, categories: Tensor) -> Tensor:
        """Minus the mean distance over an outfit's pairs, float (B,), from −2 to 0."""
        worn = categories >= 0
        pairs = pairs_of(categories)
        with torch.autocast(features.device.type, enabled=False):
            items = at_least_float32(features).masked_fill(~worn.unsqueeze(-1), 0.0)
            parts = self._parts(items)
            one, other = ([part[:, slots] for part in (items, *parts)] for slots in pairs[:2])
            apart = distances(*self._pair_vectors(one[0], other[0], one[1:], other[1:]))
        return -pairs.mean(apart)

    def _parts(self, items: Tensor) -> list[Tensor]:
        """What each item (…, d) brings to any pair.

        1 / ‖m_c ⊙ f‖ under each condition, (…, 5), and its shares of the branch's hidden layer as the first
        and as the second of a pair, (…, 32) each.
        """
        under_all = items.square() @ torch.relu(self.masks).square().mT
        lengths = under_all.clamp(min=_SHORTEST).rsqrt()
        unit = items * items.square().sum(-1, keepdim=True).clamp(min=_SHORTEST).rsqrt()
        first, second = self.joined.weight.chunk(2, dim=1)
        return [lengths, unit @ first.mT, unit @ second.mT]

    def _pair_vectors(
        self, one: Tensor, other: Tensor, parts: list[Tensor], other_parts: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Vectors e of both items of each pair: f ⊙ Σ_c (w_c / ‖m_c ⊙ f‖) m_c, with one product."""
        orders = (parts[1] + other_parts[2], other_parts[1] + parts[2])
        weights = torch.stack([self._softmax(hidden) for hidden in orders]).mean(0)
        masks = torch.relu(self.masks)
        return one * ((weights * parts[0]) @ masks), other * ((weights * other_parts[0]) @ masks)

    def _softmax(self, hidden: Tensor) -> Tensor:
        logits = self.weights(torch.relu(hidden + self.joined.bias))
        return functional.softmax(logits, dim=-1)


@register_model("sce-net")
def sce_net(options: ModelOptions) -> SCENet:
    """SCE-Net on AlexNet-small: five conditions, weighted anew for each pair; knows no users."""
    return SCENet(create_backbone(options, "alexnet-small"), options.num_users)
