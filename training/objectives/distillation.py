"""What the teacher says about negatives: how false they are, and whether FND can learn from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ..errors import TrainingError

__all__ = ["ESTIMATE_TOLERANCE", "LEAST_GAP", "collapse_warning", "false_negativeness", "teacher_gap"]

LEAST_GAP = 0.01
"""Below it a teacher's scores, cosines in [−1, 1], tell nothing apart, and 1 / gap is no α."""

ESTIMATE_TOLERANCE = 0.02
"""The mean of d is estimated from a sample: at α = 1 / gap it is 1, a little more or less."""


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


def collapse_warning(mean_d: float, alpha: float) -> str | None:
    """What to say when FND is about to collapse; None when it is not.

    d multiplies a negative's score in the loss. Where it is below 1 for most true negatives, the loss has a
    low minimum at which every outfit points at every user: positive and negative scores are all 1, and
    exp(1/τ) dwarfs Σ exp(d/τ). The loss then falls while the student learns nothing.

    Args:
        mean_d: Mean false-negativeness over the training negatives, an estimate.
        alpha: The absolute α it was computed with; d is proportional to it.

    Example:
        >>> print(collapse_warning(mean_d=0.5, alpha=1.25))
        FND may collapse: the mean of d is 0.50, below 1; raise alpha from 1.25 to 2.50 (absolute) or more
        >>> collapse_warning(mean_d=1.25, alpha=3.1) is None
        True
    """
    if mean_d >= 1 - ESTIMATE_TOLERANCE:
        return None
    if mean_d <= 0:
        return (
            f"FND may collapse: the mean of d is {mean_d:.2f}, so the teacher scores these negatives above "
            "positives; train it longer"
        )
    return (
        f"FND may collapse: the mean of d is {mean_d:.2f}, below 1; "
        f"raise alpha from {alpha:.2f} to {alpha / mean_d:.2f} (absolute) or more"
    )
