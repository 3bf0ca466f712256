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

__all__ = ["SampledScores", "sampled_scores"]


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


def sampled_scores(step: StepContext) -> SampledScores:
    """The sample of a step, with what student and teacher give to it. Needs "teacher" and "recombined"."""
    teacher = step.teacher_scores(step.users, Outfits.joined(step.negatives, step.recombined))
    if step.posted is not None:
        free = step.posted.new_zeros(len(teacher), teacher.shape[1] - step.posted.shape[1])
        teacher = teacher.masked_fill(torch.cat([step.posted, free], dim=1), -math.inf)
    student = torch.cat([step.negative_scores, step.recombined_scores], dim=1)
    return SampledScores(full_precision(student), full_precision(teacher))
