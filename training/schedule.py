"""The learning rate of a step, as a pure function: a resumed run needs no scheduler's state."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..evaluation.metrics import exceeds
from .method import Recipe

__all__ = ["REFERENCE_BATCH", "best_epoch", "epochs_without_gain", "learning_rate"]

REFERENCE_BATCH = 32
"""The paper's batch size, at which recipes give their learning rate."""


def learning_rate(recipe: Recipe, step: int, steps_per_epoch: int, valid_auc: Sequence[float]) -> float:
    """Rate of one step: linear warm-up, then the recipe's schedule; linear in the batch size (Fig. 7).

    Args:
        recipe: The recipe.
        step: Steps taken before this one, over all epochs.
        steps_per_epoch: Steps in an epoch.
        valid_auc: Validation AUC of the finished epochs.

    Example:
        >>> recipe = Recipe(epochs=10, learning_rate=0.01, warmup=0.1, batch_size=64)
        >>> [round(learning_rate(recipe, step, 10, []), 4) for step in (0, 9, 55, 99)]
        [0.002, 0.02, 0.01, 0.0]
    """
    peak = recipe.learning_rate * recipe.batch_size / REFERENCE_BATCH
    total = recipe.epochs * steps_per_epoch
    warm = round(recipe.warmup * total)
    if step < warm:
        return peak * (step + 1) / warm
    if recipe.schedule == "cosine":
        return peak * (1 + math.cos(math.pi * (step - warm) / (total - warm))) / 2
    if recipe.schedule == "plateau":
        return peak * 0.5 ** _plateaus(valid_auc, recipe.plateau_patience)
    return peak


def epochs_without_gain(valid_auc: Sequence[float]) -> int:
    """Epochs since the best one.

    Example:
        >>> epochs_without_gain([0.6, 0.7, 0.7, 0.65])
        2
    """
    return len(valid_auc) - best_epoch(valid_auc) if valid_auc else 0


def best_epoch(valid_auc: Sequence[float]) -> int:
    """Number of the first best epoch, from 1; what is more by rounding only is no better.

    Args:
        valid_auc: Validation AUC of the finished epochs, one at least.

    Example:
        >>> best_epoch([0.2, 0.3, 0.1 + 0.2])
        2
    """
    best = 0
    for index, auc in enumerate(valid_auc):
        if exceeds(auc, valid_auc[best]):
            best = index
    return best + 1


def _plateaus(valid_auc: Sequence[float], patience: int) -> int:
    """How often `patience` epochs passed without a gain, counting anew after each."""
    best, waited, plateaus = -math.inf, 0, 0
    for auc in valid_auc:
        if exceeds(auc, best):
            best, waited = auc, 0
            continue
        waited += 1
        if waited == patience:
            waited, plateaus = 0, plateaus + 1
    return plateaus
