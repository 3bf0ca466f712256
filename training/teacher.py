"""A frozen teacher: what it says of outfits, its item features computed once (paper, Sec. 3.2.2)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..core.checked_array import CheckedArray
from ..datasets import Dataset, OutfitTable, sample_negatives
from ..datasets.outfit_hash import PostedOutfits
from ..evaluation.item_inputs import ItemInputs
from ..evaluation.scoring import FeatureTable, encode_items, score_outfits
from ..models import OutfitModel
from .batches import HARD_SHARE, draw_epoch
from .history import Distillation, PositiveMean
from .objectives.distillation import all_ones_loss, softmax_mass, teacher_gap
from .objectives.sampled_scores import hide_posted
from .recombination import Recombination, Recombiner

__all__ = ["SAMPLED_STEPS", "Teacher"]

SAMPLED_NEGATIVES = 10
"""Random negatives a training positive, from which the gap and the mean of d are estimated."""

SAMPLED_STEPS = 64
"""Steps from which what depends on all negatives of a step is estimated."""


class Teacher:
    """A trained model that is only asked.

    Its item features are computed once for all training items, un-augmented, and the mean score of each
    user's positives (Eq. 11) once; a step runs only its outfit part.

    Args:
        model: With its weights.
        dataset: What the student learns from.
        inputs: The dataset's items as the teacher sees them.
        negatives: Kind of the student's training negatives.
        held_out: The split that the teacher chose its epoch by: positives that it was not trained on.
        batch_size: Pairs of a student's step.
        kept: Folder of these weights, data and machine, where its items' features are kept for the next
            student that asks; None keeps none.

    Attributes:
        feature_size: Width of its items' features, and of its outfit vectors.

    Raises:
        TrainingError: If its gap is so small that it has learned nothing.
    """

    def __init__(
        self,
        model: OutfitModel,
        dataset: Dataset,
        inputs: ItemInputs,
        negatives: str,
        *,
        held_out: str = "valid-teacher",
        batch_size: int = 32,
        kept: Path | None = None,
    ) -> None:
        self._model = model.eval().requires_grad_(False)
        self._dataset, self._negatives, self._batch_size = dataset, negatives, batch_size
        train, held = dataset.split("train"), dataset.split(held_out)
        self._table = self._encoded(inputs, train, kept and kept / "train.npy")
        self._device = self._table.features.device
        self.feature_size = self._table.features.shape[1]
        self._train = _Scored(self._scores(train), train.users)
        held_out_items = self._encoded(inputs, held, kept and kept / f"{held_out}.npy")
        self._held_out = _Scored(self._scores(held, held_out_items), held.users)
        own = _mean_by_user(*self._train, dataset.num_users)
        self._has_held_out = np.isin(np.arange(dataset.num_users), held.users)
        others = np.where(self._has_held_out, _mean_by_user(*self._held_out, dataset.num_users), own)
        self._mean: dict[PositiveMean, NDArray[np.float32]] = {"train": own, "held-out": others}
        self._asked = {over: torch.from_numpy(mean).to(self._device) for over, mean in self._mean.items()}
        drawn = sample_negatives(train, dataset.item_category, per_positive=SAMPLED_NEGATIVES, seed=0)
        self._random = self._scores(drawn)
        self.gap()

    def positive_mean(self, users: Tensor, over: PositiveMean = "train") -> Tensor:
        """Mean score of each user's positives (Eq. 11), float32 (N,) from int64 (N,).

        Args:
            users: Whose.
            over: Over which positives: those of the training, or held-out ones where a user has any.
        """
        return self._asked[over][users]

    def gap(self, over: PositiveMean = "train") -> float:
        """The mean of `positive_mean` over all training positives, less the mean score of random negatives.

        Raises:
            TrainingError: If it is so small that the teacher has learned nothing.
        """
        return teacher_gap(self._positive_scores(over), self._random)

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

    def describe(
        self,
        alpha: float | None = None,
        temperature: float = 0.1,
        over: PositiveMean = "train",
        recombination: Recombination | None = None,
    ) -> Distillation:
        """What it says of the training negatives, and what FND will do with that, estimated beforehand.

        Args:
            alpha: The absolute α; None where the student has no FND.
            temperature: τ of its loss.
            over: Over which positives the mean of Eq. 11 is taken.
            recombination: The recombined outfits that are its negatives, too.
        """
        mean, gap = self._mean[over], float(self._positive_scores(over).mean() - self._random.mean())
        negatives = sample_negatives(
            self._dataset.split("train"),
            self._dataset.item_category,
            per_positive=SAMPLED_NEGATIVES,
            hard=HARD_SHARE[self._negatives],
            seed=1,
        )
        distance = mean[negatives.users] - self._scores(negatives)
        told: dict[str, Any] = {
            "positive_mean": over,
            "without_held_out": int((~self._has_held_out[np.unique(self._train.users)]).sum()),
            "gap": gap,
            "false_negative_share": _share(distance < 0),
            "positives_called_false": _share(self._train.scores > mean[self._train.users]),
            "held_out_called_false": _share(self._held_out.scores > mean[self._held_out.users]),
        }
        truth = self._dataset.truly_liked(negatives)
        steps = zip(*self._sampled_steps(recombination), strict=True)
        users, positive, negative, liked = map(_stacked, steps)
        if truth is not None:
            told |= {
                "true_false_negative_share": _share(truth[distance < 0]),
                "true_base_rate": _share(truth),
                "recall": _share((distance < 0)[truth]),
                "softmax_mass": softmax_mass(positive, negative[:, : liked.shape[1]], liked, temperature),
            }
        if alpha is not None:
            d = alpha * (torch.from_numpy(mean)[users][:, None] - negative)
            d = d.masked_fill(negative == -torch.inf, -torch.inf)  # no part of the sum, as in the loss
            told |= {
                "alpha": alpha,
                "alpha_relative": alpha * gap,
                "mean_d": float((alpha * distance).mean()),
                "all_ones_loss": all_ones_loss(d, temperature),
                "chance_loss": math.log1p(negative.shape[1]),
            }
        return Distillation(**told)

    def _sampled_steps(self, recombination: Recombination | None) -> Iterator[tuple[Tensor, ...]]:
        """What some steps of N pairs would hold.

        Yields:
            Users int64 (N,), scores of their positives (N,), and of K negatives (N, K), −∞ where one is none
            of the user's; whether each of the batch's negatives, the first N, is truly liked: bool (N, N), or
            (N, 0) where nobody knows.
        """
        dataset, train = self._dataset, self._dataset.split("train")
        positives, negatives = draw_epoch(dataset, self._negatives, seed=0, epoch=1)
        posted = PostedOutfits(train)
        generator = np.random.default_rng(0)
        recombiner = recombination and Recombiner(train, dataset.item_category, *recombination)
        size = min(self._batch_size, len(train))
        for start in range(0, min(SAMPLED_STEPS, len(train) // size) * size, size):
            ours, theirs = (table.take(slice(start, start + size)) for table in (positives, negatives))
            parts = [ours.items, theirs.items]
            if recombiner is not None:
                parts.append(recombiner.draw(ours.items, theirs.items, generator))
            outfits = np.concatenate(parts)
            users = torch.from_numpy(ours.users.astype(np.int64)).to(self._device)
            categories = torch.from_numpy(dataset.categories_of(outfits)).to(self._device)
            scores = self.score_matrix(users, outfits, categories)
            own = torch.from_numpy(posted.by(ours.users, theirs.items)).to(self._device)
            liked = self._dataset.truly_liked(
                OutfitTable(ours.users.repeat(size), np.tile(theirs.items, (size, 1)))
            )
            yield (
                users,
                scores[:, :size].diagonal(),
                hide_posted(scores[:, size:], own),
                torch.from_numpy(np.empty((size, 0), bool) if liked is None else liked.reshape(size, size)),
            )

    def _positive_scores(self, over: PositiveMean) -> NDArray[np.float32]:
        """Scores of training positives; of held-out ones, for each its user's mean of them."""
        return self._train.scores if over == "train" else self._mean[over][self._train.users]

    def _encoded(self, inputs: ItemInputs, outfits: OutfitTable, kept: Path | None) -> FeatureTable:
        """Features of the outfits' items, from the file where they are kept, if they are."""
        ids, num_items = outfits.distinct_items, self._dataset.num_items
        if kept is None:
            return encode_items(self._model, inputs, ids, num_items)

        def encode() -> list[NDArray[np.float32]]:
            return [encode_items(self._model, inputs, ids, num_items).features.cpu().numpy()]

        features = CheckedArray(kept, (len(ids), self._model.feature_size), np.dtype(np.float32))
        device = next(self._model.parameters()).device
        return FeatureTable(ids, torch.tensor(features.made_once(encode), device=device), num_items)

    def _scores(self, outfits: OutfitTable, table: FeatureTable | None = None) -> NDArray[np.float32]:
        """Scores of outfits, of training items if no other table is given."""
        known = self._table if table is None else table
        return score_outfits(self._model, self._dataset, known, outfits).cpu().numpy()


class _Scored(NamedTuple):
    """Scores of outfits with their users.

    Attributes:
        scores: float32 (N,).
        users: (N,).
    """

    scores: NDArray[np.float32]
    users: NDArray[np.integer]


def _stacked(parts: Sequence[Tensor]) -> Tensor:
    """Rows of several steps, on the CPU; one with fewer columns, of recombined outfits, is filled with −∞."""
    width = max(part.shape[-1] for part in parts)
    lacking = [(0, width - part.shape[1] if part.ndim > 1 else 0) for part in parts]
    filled = [
        functional.pad(part, more, value=-torch.inf) if more[1] else part
        for part, more in zip(parts, lacking, strict=True)
    ]
    return torch.cat(filled).cpu()


def _share(holds: NDArray[np.bool_]) -> float | None:
    """Of how many something holds; None of none."""
    return float(holds.mean()) if len(holds) else None


def _mean_by_user(
    values: NDArray[np.floating], users: NDArray[np.integer], num_users: int
) -> NDArray[np.float32]:
    """Mean of each user's values; 0 for a user without any."""
    count = np.bincount(users, minlength=num_users)
    total = np.bincount(users, weights=values, minlength=num_users)
    return (total / np.maximum(count, 1)).astype(np.float32)
