"""N-pair with recombined outfits beside the batch's negatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch

from .n_pair_loss import n_pair
from .objective import Need, Objective, RecombinedOptions, StepContext, register_objective

if TYPE_CHECKING:
    from torch import Tensor

    from ...models import OutfitModel

__all__ = ["NPairR"]


@register_objective("n-pair-r", options=RecombinedOptions)
class NPairR(Objective):
    """N-pair + R: each positive against the batch's negatives and R recombined outfits (Eq. 10).

    Ours, not the paper's. The recombined outfits are made of items that the step has encoded anyway, so they
    cost its backbone nothing; nobody posted them, so they are negatives of every pair.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"recombined"})

    def __init__(self, options: RecombinedOptions, model: OutfitModel) -> None:
        super().__init__(options, model)
        self._temperature = options.temperature

    def forward(self, step: StepContext) -> dict[str, Tensor]:
        """See `n_pair`."""
        negatives = torch.cat([step.negative_scores, step.recombined_scores], dim=1)
        return {"n-pair-r": n_pair(step.positive_scores, negatives, self._temperature)}
