"""Triplets of a step's items: an anchor, an item of its outfit, and another item of that item's category."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from ...models import OutfitModel
    from .objective import StepContext

__all__ = ["Triplets", "regularisers", "triplets_of"]


class Triplets(NamedTuple):
    """T triplets.

    Attributes:
        anchors: Float (T, D), features.
        positives: Float (T, D).
        negatives: Float (T, D).
        categories: int64 (T,), of the anchors, and of the positives, which is that of the negatives.
    """

    anchors: Tensor
    positives: Tensor
    negatives: Tensor
    categories: tuple[Tensor, Tensor]


def triplets_of(step: StepContext) -> Triplets:
    """Every ordered pair of a positive outfit's items is an anchor and a positive.

    The negative stands in the positive's slot of the outfit drawn against it; where that has another category
    (a hard negative of another size), the triplet is left out.
    """
    ours, theirs = step.positives, step.negatives
    features, other = step.features_of(ours), step.features_of(theirs)
    slots = ours.categories.shape[1]
    pairs = torch.cartesian_prod(torch.arange(slots), torch.arange(slots)).to(features.device)
    anchor, positive = pairs[pairs[:, 0] != pairs[:, 1]].unbind(1)
    a, p = ours.categories[:, anchor], ours.categories[:, positive]
    usable = (a >= 0) & (p >= 0) & (theirs.categories[:, positive] == p)
    return Triplets(
        features[:, anchor][usable],
        features[:, positive][usable],
        other[:, positive][usable],
        (a[usable], p[usable]),
    )


def regularisers(
    model: OutfitModel, name: str, length: Tensor, weights: tuple[float, float], batch: int
) -> dict[str, Tensor]:
    """What both public codes add to a triplet loss, by name and weighted: w ‖x‖₂/√B, and w ‖m‖₁/B.

    Args:
        model: Whose masks are meant; one without masks has no "mask norm".
        name: Of the length.
        length: ‖x‖₂ of what is to stay short.
        weights: w of the length, and w of the masks' sum.
        batch: B, positive outfits of the step.
    """
    of_length, of_masks = weights
    losses = {name: of_length * length / batch**0.5}
    if (masks := model.mask_norm()) is not None:
        losses["mask norm"] = of_masks * masks / batch
    return losses
