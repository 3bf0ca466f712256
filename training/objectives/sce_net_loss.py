"""The triplet loss of SCE-Net."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import torch
from pydantic import Field

from ...core.errors import Fault, InputError
from ...models.vectors import distances
from .objective import Need, Objective, ObjectiveOptions, StepContext, register_objective
from .score_checks import full_precision
from .triplets import regularisers, triplets_of
from .type_aware_loss import type_aware

if TYPE_CHECKING:
    from torch import Tensor

    from ...models import OutfitModel

__all__ = ["SCENet", "SCENetOptions"]


class SCENetOptions(ObjectiveOptions):
    """Options of the triplet loss; the defaults are the public code's.

    Attributes:
        margin: How much nearer the positive has to be than the negative.
        vector_norm: Weight of the length of the items' vectors in their pairs.
        mask_norm: Weight of the masks' sum; without meaning for a model without masks.
    """

    margin: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.2
    vector_norm: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5e-3
    mask_norm: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5e-4


@register_objective("sce-net", options=SCENetOptions)
class SCENet(Objective):
    """Type-Aware's triplets, each pair under the conditions of its own, with regularisers.

    Tan et al., *Learning Similarity Conditions Without Explicit Supervision* (ICCV 2019),
    https://arxiv.org/abs/1908.08589. The lengths that are kept small are those of e, the vectors whose
    distances are taken, each pair's anew; the public code takes those of the network's features, whose length
    e does not see.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"pairs"})

    def __init__(self, options: SCENetOptions, model: OutfitModel) -> None:
        super().__init__(options, model)
        if not model.has_pair_vectors:
            found = f"model {type(model).__name__}, which has no vectors of a pair of items"
            raise InputError(Fault("objective sce-net", found, "one such as sce-net"))
        self._options = options
        self._model = (model,)  # in a tuple: its parameters are not ours

    def forward(self, step: StepContext) -> dict[str, Tensor]:
        """Losses "triplet", "vector norm" and, of a model with masks, "mask norm"; the last two weighted."""
        (model,) = self._model
        anchors, positives, negatives, category = triplets_of(step)
        near = model.pair_vectors(anchors, positives, *category)
        far = model.pair_vectors(anchors, negatives, *category)
        nearer, farther = (distances(*map(full_precision, pair)) for pair in (near, far))
        length = torch.cat([full_precision(vectors) for vectors in (*near, *far)]).norm()
        weights = self._options.vector_norm, self._options.mask_norm
        return {
            "triplet": type_aware(nearer, farther, self._options.margin),
            **regularisers(model, "vector norm", length, weights, len(step.users)),
        }
