"""What the teacher says about negatives: how false they are, and whether FND can learn from it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name everyone knows

from ..errors import TrainingError
from ..history import Distillation

__all__ = [
    "LEAST_GAP",
    "all_ones_loss",
    "collapse_warning",
    "false_negativeness",
    "softmax_mass",
    "teacher_gap",
]

LEAST_GAP = 0.01
"""Below it a teacher's scores, cosines in [−1, 1], tell nothing apart, and 1 / gap is no α."""


def false_negativeness(teacher_positive_mean: Tensor, teacher_negative: Tensor, alpha: float) -> Tensor:
    """How far a negative is from being liked, d = α (mean score of positives − score), Eq. 12.

    Args:
        teacher_positive_mean: (N,), for each pair the teacher's mean score of its user's positives (Eq. 11).
        teacher_negative: (N, N), row i: the teacher's scores of the batch's negatives for user i.
        alpha: α > 0, absolute. The paper takes 1.25 for Polyvore-630, which fits its own teacher; an α given
            relative to the teacher's gap is divided by `teacher_gap` first.

    Returns:
        d, (N, N): below 0 for a false negative; 1 on average over random negatives when α is 1 / gap.

    Example:
        >>> import torch
        >>> false_negativeness(torch.tensor([0.5]), torch.tensor([[0.0, 0.75]]), alpha=2.0)
        tensor([[ 1.0000, -0.5000]])
    """
    return alpha * (teacher_positive_mean[:, None] - teacher_negative)


def teacher_gap(positive: NDArray[np.floating] | Tensor, negative: NDArray[np.floating] | Tensor) -> float:
    """The teacher's mean score of positives minus that of random negatives.

    Args:
        positive: Its scores of positives, of any shape.
        negative: Its scores of random negatives for the same users, of any shape.

    Raises:
        TrainingError: The gap is below `LEAST_GAP`.

    Example:
        >>> import numpy as np
        >>> teacher_gap(np.array([0.75, 0.25]), np.array([0.0, 0.25, -0.25]))
        0.5
    """
    gap = float(positive.mean() - negative.mean())
    if not gap >= LEAST_GAP:
        raise TrainingError(
            f"the teacher hardly scores positives above random negatives (gap {gap:.4f}, expected "
            f"{LEAST_GAP} or more): it has learned nothing to distil; train it longer"
        )
    return gap


def all_ones_loss(false_negativeness: Tensor, temperature: float) -> float:
    r"""FND's loss where every outfit points at every user, so that all scores are 1.

    $$\frac1P \sum_i \log\left(1 + \sum_k \exp((d_{ik} - 1)/\tau)\right)$$

    Args:
        false_negativeness: d (P, K), for each pair those of its step's negatives; −∞ where one is none.
        temperature: τ > 0.

    Example:
        >>> import torch
        >>> round(all_ones_loss(torch.ones(1, 32), 0.1), 3)  # then it is chance, ln 33
        3.497
    """
    return float(F.softplus(((false_negativeness - 1) / temperature).logsumexp(1)).mean())


def softmax_mass(positive: Tensor, negative: Tensor, liked: Tensor, temperature: float) -> float:
    """Of the softmax mass that N-pair (Eq. 10) puts on negatives, the share on those that are truly liked.

    Args:
        positive: Scores (P,).
        negative: Scores (P, K); −∞ where one is none.
        liked: Bool (P, K).
        temperature: τ > 0.

    Example:
        >>> import torch
        >>> softmax_mass(torch.tensor([0.5]), torch.tensor([[0.2, 0.2]]), torch.tensor([[True, False]]), 0.1)
        0.5
    """
    mass = (torch.cat([positive[:, None], negative], 1).double() / temperature).softmax(1)[:, 1:]
    return float(mass[liked].sum() / mass.sum())


def collapse_warning(told: Distillation) -> str | None:
    """What to say when FND is about to collapse; None when it is not.

    d multiplies a negative's score in the loss. Where it is small for most of them, the loss has a low
    minimum at which every outfit points at every user: positive and negative scores are all 1, and exp(1/τ)
    dwarfs Σ exp(d/τ). The loss then falls while the student learns nothing.

    Args:
        told: What the teacher says, with an α.

    Example:
        >>> told = Distillation(
        ...     gap=0.4, alpha=1.25, mean_d=0.5, all_ones_loss=0.2, chance_loss=3.5, false_negative_share=0
        ... )
        >>> print(collapse_warning(told))
        FND may collapse: with all scores at 1 its loss is 0.20, below chance (3.50); raise alpha (1.25)
    """
    if told.all_ones_loss is None or told.chance_loss is None or told.all_ones_loss >= told.chance_loss:
        return None
    lower, chance = f"{told.all_ones_loss:.2f}", f"{told.chance_loss:.2f}"
    found = f"FND may collapse: with all scores at 1 its loss is {lower}, below chance ({chance})"
    if told.mean_d is not None and told.mean_d <= 0:
        return f"{found}: the teacher scores these negatives above positives; train it longer"
    return f"{found}; raise alpha ({told.alpha:.2f})"
