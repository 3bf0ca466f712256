"""A frozen teacher: what it says of outfits, its item features computed once (paper, Sec. 3.2.2)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..datasets import Dataset, OutfitTable, sample_negatives
from ..evaluation.item_inputs import ItemInputs
from ..evaluation.scoring import encode_items, score_outfits
from ..models import OutfitModel
from .batches import HARD_SHARE
from .history import Distillation
from .objectives.distillation import teacher_gap

__all__ = ["Teacher"]

SAMPLED_NEGATIVES = 10
"""Random negatives a training positive, from which the gap and the mean of d are estimated."""


class Teacher:
    """A trained model that is only asked.

    Its item features are computed once for all training items, un-augmented, and the mean score of each
    user's positives (Eq. 11) once; a step runs only its outfit part.

    Args:
        model: With its weights.
        dataset: What the student learns from.
        inputs: The dataset's items as the teacher sees them.
        negatives: Kind of the student's training negatives.

    Attributes:
        gap: Mean score of the training positives minus that of random negatives.
        feature_size: Width of its items' features, and of its outfit vectors.

    Raises:
        TrainingError: If its gap is so small that it has learned nothing.
    """

    def __init__(self, model: OutfitModel, dataset: Dataset, inputs: ItemInputs, negatives: str) -> None:
        self._model = model.eval().requires_grad_(False)
        self._dataset = dataset
        self._negatives = negatives
        train = dataset.split("train")
        self._table = encode_items(model, inputs, train.distinct_items, dataset.num_items)
        self._device = self._table.features.device
        self.feature_size = self._table.features.shape[1]
        positive = self._scores(train)
        mean = _mean_by_user(positive, train.users, dataset.num_users)
        self._positive_mean = torch.from_numpy(mean).to(self._device)
        drawn = sample_negatives(train, dataset.item_category, per_positive=SAMPLED_NEGATIVES, seed=0)
        self.gap = teacher_gap(positive, self._scores(drawn))

    def positive_mean(self, users: Tensor) -> Tensor:
        """Mean score of each user's training positives (Eq. 11), float32 (N,) from int64 (N,)."""
        return self._positive_mean[users]

    def score_matrix(self, users: Tensor, items: NDArray[np.integer], categories: Tensor) -> Tensor:
        """Scores of every user for every outfit, without gradient and in full precision.

        Args:
            users: int64 (U,).
            items: (B, K), global ids.
            categories: int64 (B, K).

        Returns:
            float32 (U, B).
        """
        with torch.no_grad(), torch.autocast(self._device.type, enabled=False):
            worn, bank = self._table.gather(items), self._table.features
            return self._model.score_matrix_among(users, worn, categories, bank)

    def item_features(self, items: NDArray[np.integer]) -> Tensor:
        """Features of items in full precision: float32 (…, D) from global ids (…)."""
        return self._table.gather(items)

    def embed_outfits(self, items: NDArray[np.integer], categories: Tensor) -> Tensor:
        """Outfit vectors, without gradient and in full precision.

        Args:
            items: (B, K), global ids.
            categories: int64 (B, K).

        Returns:
            float32 (B, d).

        Raises:
            ModelError: If its outfits are no vectors.
        """
        with torch.no_grad(), torch.autocast(self._device.type, enabled=False):
            return self._model.embed_outfits(self._table.gather(items), categories)

    def user_vectors(self) -> Tensor:
        """Its users' vectors, float32 (num_users, d).

        Raises:
            ModelError: If its users are none.
        """
        return self._model.user_vectors().detach()

    def describe(self, alpha: float) -> Distillation:
        """What FND will do in training, estimated before it starts.

        Args:
            alpha: The absolute α.
        """
        train = self._dataset.split("train")
        negatives = sample_negatives(
            train,
            self._dataset.item_category,
            per_positive=SAMPLED_NEGATIVES,
            hard=HARD_SHARE[self._negatives],
            seed=1,
        )
        mean = self._positive_mean.cpu().numpy()[negatives.users]
        d = alpha * (mean - self._scores(negatives))
        called_false = d < 0
        truth = self._dataset.truly_liked(negatives)
        return Distillation(
            alpha=alpha,
            alpha_relative=alpha * self.gap,
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
