"""FitNets' hints: the student's vectors, mapped linearly, regress the teacher's."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name everyone knows

from ...core.errors import Fault, InputError
from .objective import (
    FitContext,
    Forecast,
    Need,
    Objective,
    ObjectiveOptions,
    Outfits,
    StepContext,
    register_objective,
)
from .outfit_vectors import require_outfit_vectors
from .score_checks import full_precision

if TYPE_CHECKING:
    from torch import Tensor

    from ...models import OutfitModel

__all__ = ["FitNet", "FitNetOptions", "hint"]


def hint(guided: Tensor, teacher: Tensor) -> Tensor:
    """Half the mean squared difference of the student's vectors, already mapped, and the teacher's.

    Romero et al. 2015, Eq. 3, as a mean over the features, not a sum, so that its weight suits any width.

    Args:
        guided: r(v), (B, D).
        teacher: u, of that shape. Constants.

    Returns:
        A scalar in at least float32 (also inside autocast).

    Raises:
        InputError: The shapes differ, or one is empty.

    Example:
        >>> import torch
        >>> hint(torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 2.0]]))
        tensor(1.)
    """
    if guided.ndim != 2 or not guided.numel() or teacher.shape != guided.shape:
        found = f"shapes {tuple(guided.shape)} and {tuple(teacher.shape)}"
        raise InputError(Fault("guided and teacher", found, "one shape (B, D) of 1 or more each"))
    return F.mse_loss(full_precision(guided), full_precision(teacher)) / 2


class FitNetOptions(ObjectiveOptions):
    """Options of FitNets' hints.

    Attributes:
        hint: What is regressed: the features of the "items" of the batch's positives and negatives, each as
            often as it is worn, or the vectors of these "outfits".
    """

    hint: Literal["items", "outfits"] = "items"


@register_objective("fitnet", options=FitNetOptions)
class FitNet(Objective):
    """The student's item features or outfit vectors regress the teacher's through a linear map (a baseline).

    Romero et al., *FitNets: Hints for Thin Deep Nets* (ICLR 2015), https://arxiv.org/abs/1412.6550. The
    regressor r is linear, trains with the student and is not shipped; with it a teacher of any width will do,
    and one of the student's own width need not have the same axes. The paper trains on hints first and on
    targets after; here both train at once, beside N-pair. The teacher saw its images un-augmented.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"teacher"})

    def __init__(self, options: FitNetOptions, model: OutfitModel) -> None:
        super().__init__(options, model)
        self._of_outfits = options.hint == "outfits"
        if self._of_outfits:
            require_outfit_vectors("fitnet of outfits", model)
        self.regressor = nn.Linear(model.feature_size, model.feature_size)

    def check_teacher(self, teacher: OutfitModel) -> None:
        """Its outfits are vectors, where these are the hint."""
        if self._of_outfits:
            require_outfit_vectors("fitnet of outfits, teacher", teacher)

    def begin(self, fit: FitContext) -> Forecast:
        """Fit the regressor to the teacher's width."""
        assert fit.teacher is not None  # it is one of the needs
        old = self.regressor
        if fit.teacher.feature_size != old.out_features:
            self.regressor = nn.Linear(old.in_features, fit.teacher.feature_size).to(old.weight.device)
        return Forecast()

    def forward(self, step: StepContext) -> dict[str, Tensor]:
        """See `hint`."""
        outfits = Outfits.joined(step.positives, step.negatives)
        assert outfits.items is not None  # a batch for a teacher says what they are
        if self._of_outfits:
            ours = step.outfit_vectors(outfits)
            theirs = step.teacher.embed_outfits(outfits.items, outfits.categories)
        else:
            ours = step.features_of(outfits)[outfits.categories >= 0]
            theirs = step.teacher.item_features(outfits.items[outfits.items >= 0])
        return {"fitnet": hint(self.regressor(ours), theirs)}
