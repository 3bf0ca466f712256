"""What student and teacher give to the outfits of a step that a user has not posted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch

from .objective import Outfits
from .score_checks import full_precision

if TYPE_CHECKING:
    from torch import Tensor

    from .objective import StepContext

__all__ = ["SampledScores", "hide_posted", "sampled_scores"]


class SampledScores(NamedTuple):
    """Scores of the batch's users for a sample of outfits: the batch's negatives, then the recombined ones.

    Ranking distillation asks for the teacher's ranking of every outfit that a user has not seen. Outfits are
    combinations of items, far too many to rank, so the sample stands for them.

    Attributes:
        student: Float32 at least (N, M); −∞ where the user posted the outfit, which is then no part of the
            sample.
        teacher: Float32 (N, M), without gradient; −∞ there too.
    """

    student: Tensor
    teacher: Tensor


def hide_posted(scores: Tensor, posted: Tensor | None) -> Tensor:
    """Scores of users for a batch's negatives and others: −∞ where the user posted the negative.

    Args:
        scores: (N, M), the batch's N negatives first; the others are nobody's.
        posted: Bool (N, N), or None where nobody posted any.
    """
    if posted is None:
        return scores
    others = posted.new_zeros(len(scores), scores.shape[1] - posted.shape[1])
    # Minus infinity has no weight in a sum of exponentials, and no gradient.
    return scores.masked_fill(torch.cat([posted, others], dim=1), -math.inf)


def sampled_scores(step: StepContext) -> SampledScores:
    """The sample of a step, with what student and teacher give to it. Needs "teacher" and "recombined"."""
    teacher = step.teacher_scores(step.users, Outfits.joined(step.negatives, step.recombined))
    student = torch.cat([step.negative_scores, step.recombined_scores], dim=1)
    return SampledScores(full_precision(student), full_precision(hide_posted(teacher, step.posted)))
