"""Ranking distillation: what the teacher ranks highest is liked, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import torch
from pydantic import Field
from torch.nn import functional as F  # noqa: N812 - the name everyone knows

from ...core.errors import Fault, InputError
from .objective import Need, Objective, RecombinedOptions, StepContext, register_objective
from .sampled_scores import sampled_scores
from .score_checks import full_precision, positive_temperature

if TYPE_CHECKING:
    from torch import Tensor

    from ...models import OutfitModel

__all__ = ["RankingDistillation", "RankingDistillationOptions", "rank_weights", "ranking_distillation"]


def rank_weights(student: Tensor, top: Tensor, sharpness: float, discrepancy: float) -> Tensor:
    r"""How much each of the teacher's top counts: by its place, and by how far the student ranks it below.

    $$w_r \propto e^{-r/\lambda} \max(0, \tanh(\mu (\hat r - r)))$$

    with r = 1, …, K the teacher's ranks and r̂ the student's rank of the same outfit (Tang and Wang 2018).

    Args:
        student: The student's scores of the sample (N, M).
        top: int64 (N, K), columns of the teacher's best, the best first.
        sharpness: λ > 0.
        discrepancy: μ > 0.

    Returns:
        (N, K), without gradient: a row sums to 1, or is 0 where the student ranks all as high as the teacher.

    Example:
        >>> student = torch.tensor([[0.9, 0.1, 0.5]])  # ranks 1, 3 and 2
        >>> rank_weights(student, torch.tensor([[0, 1]]), sharpness=1.0, discrepancy=0.1)
        tensor([[0., 1.]])
    """
    student = student.detach()
    theirs = torch.arange(1, top.shape[1] + 1, device=student.device)
    higher = student[:, None, :] > student.gather(1, top)[:, :, None]
    missed = torch.tanh(discrepancy * (higher.sum(2) + 1 - theirs)).clamp_min(0)
    weights = torch.exp(-theirs / sharpness) * missed
    total = weights.sum(1, keepdim=True)
    return weights / total.masked_fill(total == 0, 1.0)


def ranking_distillation(
    student: Tensor,
    teacher: Tensor,
    temperature: float,
    *,
    top: int = 10,
    sharpness: float = 1.0,
    discrepancy: float = 0.1,
) -> Tensor:
    r"""The teacher's best outfits as positives, −Σ w_r log σ(s_r / τ), the mean over users.

    Args:
        student: Scores of a sample (N, M); −∞ where an outfit is no part of it.
        teacher: Scores of that shape, −∞ in the same places. Constants.
        temperature: τ > 0.
        top: K; all of the sample where it is smaller.
        sharpness: λ of `rank_weights`.
        discrepancy: μ of `rank_weights`.

    Returns:
        A scalar in at least float32 (also inside autocast).

    Raises:
        InputError: The shapes differ, one is empty, or the temperature is not above 0.

    Example:
        >>> student, teacher = torch.tensor([[0.0, 0.5]]), torch.tensor([[0.9, 0.1]])
        >>> ranking_distillation(student, teacher, temperature=0.1).exp()  # σ(0) = ½ of what is missed
        tensor(2.)
    """
    if student.ndim != 2 or not student.numel() or teacher.shape != student.shape:
        found = f"shapes {tuple(student.shape)} and {tuple(teacher.shape)}"
        raise InputError(Fault("student and teacher", found, "one shape (N, M) of 1 or more each"))
    temperature = positive_temperature(temperature)
    best = full_precision(teacher).topk(min(top, teacher.shape[1]), dim=1)
    weights = rank_weights(full_precision(student), best.indices, sharpness, discrepancy)
    liking = F.logsigmoid(full_precision(student).gather(1, best.indices) / temperature)
    outside = best.values == -torch.inf
    return -(weights.masked_fill(outside, 0.0) * liking.masked_fill(outside, 0.0)).sum(1).mean()


class RankingDistillationOptions(RecombinedOptions):
    """Options of ranking distillation; K, λ and μ are the defaults of the public code.

    Attributes:
        top: K, how many of the teacher's best count as liked.
        sharpness: λ: the smaller, the more the first places count.
        discrepancy: μ: the greater, the sooner an outfit that the student ranks too low counts fully.
    """

    top: Annotated[int, Field(ge=1)] = 10
    sharpness: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    discrepancy: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.1


@register_objective("rd", options=RankingDistillationOptions)
class RankingDistillation(Objective):
    """The outfits that the teacher ranks highest for a user count as liked (a baseline; beside N-pair).

    Tang and Wang, *Ranking Distillation* (KDD 2018), https://arxiv.org/abs/1809.07428. It wants the teacher's
    ranking of all that a user has not seen; outfits are too many for that, so both rank the step's sample:
    the batch's negatives and the recombined outfits. There the student's rank is counted, where the paper
    estimates it. The paper begins with weights by place alone; here both count from the start.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"teacher", "recombined"})

    def __init__(self, options: RankingDistillationOptions, model: OutfitModel) -> None:
        super().__init__(options, model)
        self._options = options

    def forward(self, step: StepContext) -> dict[str, Tensor]:
        """See `ranking_distillation`."""
        options = self._options
        sampled = sampled_scores(step)
        loss = ranking_distillation(
            sampled.student,
            sampled.teacher,
            options.temperature,
            top=options.top,
            sharpness=options.sharpness,
            discrepancy=options.discrepancy,
        )
        return {"rd": loss}
