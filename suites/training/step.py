"""One training step as a module: a batch in, the loss out."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional

from ...models import OutfitModel
from .. import objectives
from ..item_inputs import as_float
from ..method import Method
from .batches import Batch, Outfits
from .distillation import Teacher

__all__ = ["TrainingStep"]


class TrainingStep(nn.Module):
    """The model under its objective.

    Each distinct item is encoded once; its features are gathered for every outfit that wears it.
    """

    def __init__(self, model: OutfitModel, method: Method, teacher: Teacher | None) -> None:
        super().__init__()
        self.model = model
        self._objective = method.objective
        self._temperature = method.temperature
        # In a tuple, so that the frozen teacher is not registered as a part of what is trained.
        self._teacher = (teacher,)

    def forward(self, batch: Batch) -> Tensor:
        """The mean loss of a batch, a scalar."""
        features = self.model.encode_items(as_float(batch.inputs), batch.item_categories)
        positive = self.model.score(batch.users, *_gather(features, batch.positives))
        negative = self.model.score_matrix(batch.users, *_gather(features, batch.negatives))
        if batch.own is not None:
            negative = negative.masked_fill(batch.own, -math.inf)  # no weight in the sum, no gradient
        if self._objective == "n-pair":
            return objectives.n_pair(positive, negative, self._temperature)
        if self._objective == "bpr":
            return objectives.bpr(positive, negative, self._temperature)
        (teacher,) = self._teacher
        assert teacher is not None  # Method refuses "fnd" without a teacher
        d = teacher.false_negativeness(batch.users, batch.negative_items, batch.negatives.categories)
        if batch.own is not None:
            d = d.masked_fill(batch.own, 1.0)  # keeps −∞ what it is
        return objectives.false_negative(positive, negative, d, self._temperature)


def _gather(features: Tensor, outfits: Outfits) -> tuple[Tensor, Tensor]:
    """Features (N, K, D) and categories (N, K) of outfits."""
    return functional.embedding(outfits.rows, features), outfits.categories
