"""The triplet loss of Type-Aware embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field
from torch.nn import functional as F  # noqa: N812 - the name everyone knows

from ...core.errors import Fault, InputError
from .objective import Need, Objective, ObjectiveOptions, StepContext, register_objective
from .score_checks import full_precision
from .triplets import regularisers, triplets_of

if TYPE_CHECKING:
    from torch import Tensor

    from ...models import OutfitModel

__all__ = ["TypeAware", "TypeAwareOptions", "type_aware"]


class TypeAwareOptions(ObjectiveOptions):
    """Options of the triplet loss; the defaults are the public code's.

    Attributes:
        margin: How much nearer the positive has to be than the negative.
        feature_norm: Weight of the features' length.
        mask_norm: Weight of the masks' sum; without meaning for a model without masks.
    """

    margin: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.3
    feature_norm: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5e-4
    mask_norm: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5e-4


def type_aware(nearer: Tensor, farther: Tensor, margin: float) -> Tensor:
    """Mean over triplets of max(0, d(anchor, positive) − d(anchor, negative) + margin).

    Vasileva et al., *Learning Type-Aware Embeddings for Fashion Compatibility* (ECCV 2018),
    https://arxiv.org/abs/1803.09196, Eq. 2.

    Args:
        nearer: (T,), distance of the anchor to an item of its outfit.
        farther: (T,), distance of the anchor to an item of the same category from elsewhere.
        margin: Above 0.

    Returns:
        A scalar; 0 where there is no triplet.

    Example:
        >>> import torch
        >>> type_aware(torch.tensor([0.5, 0.1]), torch.tensor([0.6, 0.9]), margin=0.3)
        tensor(0.1000)
    """
    hinges = F.relu(nearer - farther + margin)
    return hinges.mean() if len(hinges) else hinges.sum()


@register_objective("type-aware", options=TypeAwareOptions)
class TypeAware(Objective):
    """Triplets (anchor, item of its outfit, other item of that item's category), with regularisers.

    See `triplets_of`. The text losses are left out (images only), and so is the image-similarity
    term, whose sign is wrong in the public code.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"pairs"})

    def __init__(self, options: TypeAwareOptions, model: OutfitModel) -> None:
        super().__init__(options, model)
        if not model.has_pair_distances:
            found = f"model {type(model).__name__}, which has no distance of a pair of items"
            raise InputError(Fault("objective type-aware", found, "a model of pairs, such as type-aware"))
        self._options = options
        self._model = (model,)  # in a tuple: its parameters are not ours

    def forward(self, step: StepContext) -> dict[str, Tensor]:
        """Losses "triplet", "feature norm" and, of a model with masks, "mask norm"; the last two weighted."""
        (model,) = self._model
        anchors, positives, negatives, category = triplets_of(step)
        nearer = model.pair_distances(anchors, positives, *category)
        farther = model.pair_distances(anchors, negatives, *category)
        triplet = type_aware(full_precision(nearer), full_precision(farther), self._options.margin)
        length = full_precision(step.features).norm()
        weights = self._options.feature_norm, self._options.mask_norm
        return {
            "triplet": triplet,
            **regularisers(model, "feature norm", length, weights, len(step.users)),
        }
