"""Triplets of a step's items: an anchor, an item of its outfit, and another item of that item's category."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from .objective import StepContext

__all__ = ["Triplets", "triplets_of"]


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
    features, other = step.worn(ours), step.worn(theirs)
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
