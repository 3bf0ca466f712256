"""One training step as a module: a batch in, the losses out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property

from torch import Tensor, nn
from torch.nn import functional

from ..evaluation.item_inputs import as_float
from ..models import OutfitModel
from ..models.outfit_model import check_scores
from .batches import Batch
from .objectives.objective import Objective, Outfits, TeacherScores
from .share import WHOLE, Share

__all__ = ["TrainingStep", "WeightedObjectives"]

WeightedObjectives = Mapping[str, tuple[float, Objective]]
"""Weight and objective by name."""


class TrainingStep(nn.Module):
    """The model under its objectives.

    Each distinct item is encoded once; its features are gathered for every outfit that wears it. Those of all
    are the bank of a model that has one.
    """

    def __init__(
        self,
        model: OutfitModel,
        objectives: WeightedObjectives,
        teacher: TeacherScores | None = None,
        share: Share = WHOLE,
    ) -> None:
        super().__init__()
        self._share = share
        self.model = model
        self.objectives = nn.ModuleDict({name: part for name, (_, part) in objectives.items()})
        self._weights = {name: weight for name, (weight, _) in objectives.items()}
        # In a tuple, so that the frozen teacher is not registered as a part of what is trained.
        self._teacher = (teacher,)

    def forward(self, batch: Batch, progress: float = 0.0) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum of a batch's losses, and each loss by name without gradient.

        A name that two objectives give is, of the second, "OBJECTIVE NAME".

        Args:
            batch: What the step sees.
            progress: Share of the fit's steps that are done, from 0.
        """
        context = _Context(self.model, batch, self._teacher[0], progress, self._share)
        total, named = 0.0, {}
        for name, objective in self.objectives.items():
            losses = objective(context)
            total = total + self._weights[name] * sum(losses.values())
            for key, loss in losses.items():
                named[f"{name} {key}" if key in named else key] = loss.detach()
        assert isinstance(total, Tensor)
        return total, named


class _Context:
    """A step's values, each computed when it is first asked for; see `StepContext`."""

    def __init__(
        self,
        model: OutfitModel,
        batch: Batch,
        teacher: TeacherScores | None,
        progress: float,
        share: Share,
    ) -> None:
        self._share = share
        self.progress = progress
        self._model = model
        self._batch = batch
        self._teacher = teacher

    @property
    def users(self) -> Tensor:
        return self._batch.users

    @property
    def item_categories(self) -> Tensor:
        return self._batch.item_categories

    @property
    def positives(self) -> Outfits:
        return self._batch.positives

    @property
    def negatives(self) -> Outfits:
        return self._batch.negatives

    @property
    def posted(self) -> Tensor | None:
        return self._batch.posted

    @property
    def teacher(self) -> TeacherScores:
        assert self._teacher is not None  # a need, checked when the trial was planned
        return self._teacher

    @cached_property
    def features(self) -> Tensor:
        return self._share.encode(self._encode, self._batch.inputs, self._batch.item_categories)

    def _encode(self, items: Tensor, categories: Tensor) -> Tensor:
        return self._model.encode_items(as_float(items), categories)

    @cached_property
    def positive_scores(self) -> Tensor:
        outfits, model = self.positives, self._model
        if model.has_outfit_vectors:
            return self._joint_scores[:, : len(self.users)].diagonal()
        scores = model.score_among(self.users, self.features_of(outfits), outfits.categories, self.features)
        return check_scores(model, scores, len(self.users))

    @cached_property
    def negative_scores(self) -> Tensor:
        if self._model.has_outfit_vectors:
            scores = self._joint_scores[:, len(self.users) :]
        else:
            scores = self.score_matrix(self.users, self.negatives)
        # Minus infinity has no weight in a sum of exponentials, and no gradient.
        return scores if self.posted is None else scores.masked_fill(self.posted, -math.inf)

    @cached_property
    def _joint_scores(self) -> Tensor:
        """Positives and negatives in one matrix (N, 2N): where outfits are vectors, one call makes them."""
        return self.score_matrix(self.users, Outfits.joined(self.positives, self.negatives))

    @property
    def recombined(self) -> Outfits:
        assert self._batch.recombined is not None  # a need, so the batch drew them
        return self._batch.recombined

    @cached_property
    def recombined_scores(self) -> Tensor:
        return self.score_matrix(self.users, self.recombined)

    @cached_property
    def view_vectors(self) -> Tensor:
        assert self._batch.views is not None  # a need, so the batch drew them
        return self.outfit_vectors(self._batch.views)

    def features_of(self, outfits: Outfits) -> Tensor:
        return functional.embedding(outfits.rows, self.features)

    def score_matrix(self, users: Tensor, outfits: Outfits) -> Tensor:
        return self._model.score_matrix_among(
            users, self.features_of(outfits), outfits.categories, self.features
        )

    def outfit_vectors(self, outfits: Outfits) -> Tensor:
        return self._model.embed_outfits(self.features_of(outfits), outfits.categories)

    def teacher_scores(self, users: Tensor, outfits: Outfits) -> Tensor:
        assert outfits.items is not None  # a batch for a teacher says what they are
        return self.teacher.score_matrix(users, outfits.items, outfits.categories)
