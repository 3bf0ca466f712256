"""Knowledge distillation by softened scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import torch
from pydantic import Field

from ...core.errors import Fault, InputError
from .objective import Need, Objective, RecombinedOptions, StepContext, register_objective
from .sampled_scores import sampled_scores
from .score_checks import full_precision, positive_temperature

if TYPE_CHECKING:
    from torch import Tensor

    from ...models import OutfitModel

__all__ = ["Hinton", "HintonOptions", "softened_divergence"]


def softened_divergence(student: Tensor, teacher: Tensor, softening: float) -> Tensor:
    r"""Divergence of softened choices: the part with soft targets of Hinton et al. (2015), Sec. 2.

    $$\frac{T^2}N \sum_i KL\left(\sigma(t_i / T) \| \sigma(s_i / T)\right)$$

    T² keeps the gradient's size whatever T is.

    Args:
        student: Logits (N, M); −∞ where an outfit is no choice.
        teacher: Logits of that shape, −∞ in the same places. Constants.
        softening: T > 0.

    Returns:
        The mean over rows, a scalar in at least float32 (also inside autocast).

    Raises:
        InputError: The shapes differ, one is empty, or T is not above 0.

    Example:
        >>> logits = torch.tensor([[3.0, 1.0, -torch.inf]])
        >>> softened_divergence(logits, logits, softening=2.0)
        tensor(0.)
    """
    if student.ndim != 2 or not student.numel() or teacher.shape != student.shape:
        found = f"shapes {tuple(student.shape)} and {tuple(teacher.shape)}"
        raise InputError(Fault("student and teacher", found, "one shape (N, M) of 1 or more each"))
    softening = positive_temperature(softening)
    no_choice = teacher == -torch.inf
    # 0 · (−∞ + ∞) is no number, where it should be nothing.
    ours, theirs = (
        (full_precision(logits) / softening).log_softmax(1).masked_fill(no_choice, 0.0)
        for logits in (student, teacher)
    )
    share = theirs.exp().masked_fill(no_choice, 0.0)
    return softening**2 * (share * (theirs - ours)).sum(1).mean()


class HintonOptions(RecombinedOptions):
    """Options of Hinton's distillation.

    Attributes:
        softening: T; logits are scores divided by `temperature`.
    """

    softening: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2.0


@register_objective("hinton", options=HintonOptions)
class Hinton(Objective):
    """The student's softened choice among outfits is pulled to the teacher's (a baseline; beside N-pair).

    Hinton, Vinyals and Dean, *Distilling the Knowledge in a Neural Network* (2015),
    https://arxiv.org/abs/1503.02531. The classes of their classifier are here the outfits that a user chooses
    among: the own positive, the batch's negatives and the recombined outfits. The hard targets are N-pair's,
    which the method names beside it. The paper, which ranks nothing, leaves open the sample, and T and the
    weights, which are 2 and equal.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"teacher", "recombined"})

    def __init__(self, options: HintonOptions, model: OutfitModel) -> None:
        super().__init__(options, model)
        self._options = options

    def forward(self, step: StepContext) -> dict[str, Tensor]:
        """See `softened_divergence`."""
        sampled = sampled_scores(step)
        liked = step.teacher_scores(step.users, step.positives).diagonal()
        student = torch.cat([full_precision(step.positive_scores)[:, None], sampled.student], dim=1)
        teacher = torch.cat([liked[:, None], sampled.teacher], dim=1)
        scale = self._options.temperature
        return {"hinton": softened_divergence(student / scale, teacher / scale, self._options.softening)}
