"""Type-Aware embeddings: how far two items are apart depends on which categories meet.

Vasileva et al., *Learning Type-Aware Embeddings for Fashion Compatibility* (ECCV 2018,
https://arxiv.org/abs/1803.09196), on images alone: the text losses of the paper are left out, and so is the
public code's image-similarity term, whose sign is wrong. Masks are rectified in training and in testing
alike; the public code rectifies them in training alone, and tests with what is below 0, too. Items are
encoded as in the FND paper's XS, so that the methods differ in what comes after.
"""

from __future__ import annotations

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from ..backbones import Backbone, create_backbone
from ..options import ModelOptions
from ..pairs import pairs_of
from ..registry import register_model
from ..userless_model import UserlessModel
from ..vectors import roots

__all__ = ["TypeAware", "TypeAwareOptions", "type_aware"]

_SHORTEST = 1e-12
"""Squared length below which a vector is not drawn out to length 1; it may be 0."""


class TypeAwareOptions(BaseModel):
    """Options of Type-Aware.

    Attributes:
        normalise: Bring each item's masked features to length 1 before the distance is taken, as the public
            code's released model does (its option `--l2_embed`); the paper's formulas, and the default here,
            do not. From random weights distances are about 40 times the margin, and the triplet loss then
            falls fastest where all features shrink to one point: it ends at the margin, and the model orders
            outfits at random.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    normalise: bool = False


class TypeAware(UserlessModel):
    """A mask m for each pair of categories, d(a, b) = ‖m ⊙ f(a) − m ⊙ f(b)‖₂, m = ReLU of what is learnt.

    Two items of one category, whichever it is, have a mask of their own.

    With `normalise`, each of the two terms is first brought to length 1, so that 0 ≤ d ≤ 2.

    The score of an outfit is minus the mean distance over its pairs, whoever asks; an outfit of fewer than
    two items has none and scores 0.

    Args:
        backbone: Items to vectors.
        num_users: How many users are accepted; they have no parameters.
        num_categories: C.
        normalise: See `TypeAwareOptions`.
        feature_size: d.

    Attributes:
        masks: Float (C (C − 1) / 2 + 1, d), before ReLU; initially from N(0.9, 0.7).
    """

    mask_of: Tensor

    def __init__(
        self,
        backbone: Backbone,
        num_users: int,
        num_categories: int,
        *,
        normalise: bool = False,
        feature_size: int = 128,
    ) -> None:
        super().__init__(backbone, num_users, feature_size)
        self.normalise = normalise
        pairs = num_categories * (num_categories - 1) // 2
        self.masks = nn.Parameter(torch.empty(pairs + 1, feature_size))
        nn.init.normal_(self.masks, 0.9, 0.7)
        self.register_buffer("mask_of", _mask_of(num_categories), persistent=False)

    def mask_norm(self) -> Tensor:
        """See `OutfitModel.mask_norm`; over all masks as they are applied."""
        return torch.relu(self.masks).sum()

    def pair_distances(
        self, features_a: Tensor, features_b: Tensor, categories_a: Tensor, categories_b: Tensor
    ) -> Tensor:
        """See `OutfitModel.pair_distances`."""
        return self._distances(features_a, features_b, self.mask_of[categories_a, categories_b])

    def outfit_scores(self, features: Tensor, categories: Tensor) -> Tensor:
        """Minus the mean distance over an outfit's pairs, float (B,), at most 0."""
        worn = categories >= 0
        items = features.masked_fill(~worn.unsqueeze(-1), 0.0)
        kinds = categories.clamp(min=0)
        pairs = pairs_of(categories)
        masks = self.mask_of[kinds[:, pairs.first], kinds[:, pairs.second]]
        return -pairs.mean(self._distances(items[:, pairs.first], items[:, pairs.second], masks))

    def _distances(self, one: Tensor, other: Tensor, masks: Tensor) -> Tensor:
        """Distances of items (…, d) under the masks of the numbers (…), in float32 at least."""
        precision = torch.promote_types(one.dtype, torch.float32)
        with torch.autocast(one.device.type, enabled=False):
            one, other = one.to(precision), other.to(precision)
            weights = torch.relu(self.masks).to(precision).square()
            if self.normalise:
                one, other = (
                    item * _squared_lengths(item, weights, masks).clamp(min=_SHORTEST).rsqrt()
                    for item in (one, other)
                )
            squared = _squared_lengths(one - other, weights, masks).squeeze(-1)
        return roots(squared)


def _mask_of(num_categories: int) -> Tensor:
    """The number of each two categories' mask, int64 (C, C); last comes that of a category with itself.

    Example:
        >>> _mask_of(3).tolist()
        [[3, 0, 1], [0, 3, 2], [1, 2, 3]]
    """
    one, other = torch.triu_indices(num_categories, num_categories, offset=1)
    numbers = torch.full((num_categories, num_categories), len(one))
    numbers[one, other] = numbers[other, one] = torch.arange(len(one))
    return numbers


def _squared_lengths(vectors: Tensor, weights: Tensor, masks: Tensor) -> Tensor:
    """‖m ⊙ v‖² of vectors (…, d) for each mask number (…), of the masks' squares (M, d); float (…, 1).

    Where masks are few, one product weights the squares by all of them, and each vector takes its own: that
    needs no copy of a mask for every vector.
    """
    if len(weights) > vectors.shape[-1]:
        return (vectors.square() * weights[masks]).sum(-1, keepdim=True)
    under_all = vectors.square() @ weights.mT
    return under_all.expand(*masks.shape, -1).gather(-1, masks.unsqueeze(-1))


@register_model("type-aware", options=TypeAwareOptions)
def type_aware(options: ModelOptions) -> TypeAware:
    """Type-Aware on AlexNet-small; knows no users."""
    own = options.options if isinstance(options.options, TypeAwareOptions) else TypeAwareOptions()
    backbone = create_backbone(options, "alexnet-small")
    return TypeAware(backbone, options.num_users, options.num_categories, normalise=own.normalise)
