"""False negative distillation with recombined outfits beside the batch's negatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..recombination import Recombination
from .false_negative_loss import FND, FNDOptions
from .objective import Need, RecombinedOptions, StepContext, register_objective
from .sampled_scores import sampled_scores

if TYPE_CHECKING:
    from torch import Tensor

    from ...models import OutfitModel

__all__ = ["FNDR", "FNDROptions"]


class FNDROptions(FNDOptions, RecombinedOptions):
    """Options of FND + R: those of FND, and how many outfits are recombined."""


@register_objective("fnd-r", options=FNDROptions)
class FNDR(FND):
    """FND + R: the teacher says of R recombined outfits, too, how far each is pushed or pulled (Eq. 13).

    Ours, not the paper's; to FND what "n-pair-r" is to N-pair. The recombined outfits are made of items that
    the step has encoded anyway, and the teacher's features are a table, so they cost neither's backbone
    anything.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"teacher", "recombined"})

    def __init__(self, options: FNDROptions, model: OutfitModel) -> None:
        super().__init__(options, model)
        self._recombination = Recombination(options.recombined, options.exchanged)

    def forward(self, step: StepContext) -> dict[str, Tensor]:
        """See `false_negative`."""
        return {"fnd-r": self.of_scores(step, step.positive_scores, *sampled_scores(step))}
