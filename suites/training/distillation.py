"""The teacher's part in FND: which negatives it takes for false ones (paper, Sec. 3.2.2)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...datasets import Dataset, OutfitTable, sample_negatives
from ...models import OutfitModel
from .. import objectives
from ..evaluation import encode_items, score_outfits
from ..item_inputs import ItemInputs
from ..records import Distillation

__all__ = ["Teacher"]

SAMPLED_NEGATIVES = 10
"""Random negatives a training positive, from which the gap and the mean of d are estimated."""


class Teacher:
    """A frozen, trained model that says how false a negative is.

    Its item features are computed once for all training items, and the mean score of each user's
    positives (Eq. 11) once; a step runs only its outfit part.

    Attributes:
        gap: Mean score of the training positives minus that of random negatives.
        alpha: The absolute α.
    """

    def __init__(
        self, model: OutfitModel, dataset: Dataset, inputs: ItemInputs, alpha: float, alpha_mode: str
    ) -> None:
        self._model = model.eval().requires_grad_(False)
        self._dataset = dataset
        train = dataset.split("train")
        self._table = encode_items(model, inputs, train.distinct_items, dataset.num_items)
        self._device = self._table.features.device
        positive = self._scores(train)
        self._positive_mean = torch.from_numpy(_mean_by_user(positive, train.users, dataset.num_users)).to(
            self._device
        )
        drawn = sample_negatives(train, dataset.item_category, per_positive=SAMPLED_NEGATIVES, seed=0)
        self.gap = objectives.teacher_gap(positive, self._scores(drawn))
        self.alpha = alpha / self.gap if alpha_mode == "relative" else alpha

    def false_negativeness(self, users: Tensor, items: NDArray[np.integer], categories: Tensor) -> Tensor:
        """D of every user for every negative (Eq. 12).

        Args:
            users: int64 (N,).
            items: (N, K) global ids of the negatives.
            categories: int64 (N, K).

        Returns:
            float32 (N, N), constant in training.
        """
        with torch.no_grad(), torch.autocast(self._device.type, enabled=False):
            scores = self._model.score_matrix(users, self._table.gather(items), categories)
            return objectives.false_negativeness(self._positive_mean[users], scores, self.alpha)

    def describe(self, teacher_trial: str, hard_share: float) -> Distillation:
        """What FND will do in training, estimated before it starts.

        Args:
            teacher_trial: Hash of the teacher's trial.
            hard_share: Share of hard negatives in training.
        """
        train = self._dataset.split("train")
        negatives = sample_negatives(
            train, self._dataset.item_category, per_positive=SAMPLED_NEGATIVES, hard=hard_share, seed=1
        )
        mean = self._positive_mean.cpu().numpy()[negatives.users]
        d = self.alpha * (mean - self._scores(negatives))
        called_false = d < 0
        truth: NDArray[np.bool_] | None = None
        if self._dataset.hidden is not None:
            prefer = self._dataset.hidden.preference
            liked = _mean_by_user(prefer(train.users, train.items), train.users, self._dataset.num_users)
            truth = prefer(negatives.users, negatives.items) >= liked[negatives.users]
        return Distillation(
            teacher_trial=teacher_trial,
            alpha=self.alpha,
            alpha_relative=self.alpha * self.gap,
            gap=self.gap,
            mean_d=float(d.mean()),
            false_negative_share=float(called_false.mean()),
            true_false_negative_share=(
                float(truth[called_false].mean()) if truth is not None and called_false.any() else None
            ),
            true_base_rate=float(truth.mean()) if truth is not None else None,
        )

    def _scores(self, outfits: OutfitTable) -> NDArray[np.float32]:
        return score_outfits(self._model, self._dataset, self._table, outfits).cpu().numpy()


def _mean_by_user(
    values: NDArray[np.floating], users: NDArray[np.integer], num_users: int
) -> NDArray[np.float32]:
    """Mean of each user's values; 0 for a user without any."""
    count = np.bincount(users, minlength=num_users)
    total = np.bincount(users, weights=values, minlength=num_users)
    return (total / np.maximum(count, 1)).astype(np.float32)
