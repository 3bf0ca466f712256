"""Recombination distillation (RecD): the student scores what a step's items can make as the teacher does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch.nn import functional as F  # noqa: N812 - the name everyone knows

from ...core.errors import Fault, InputError
from .n_pair_loss import n_pair
from .objective import Need, Objective, Outfits, RecombinedOptions, StepContext, register_objective
from .score_checks import full_precision, positive_temperature

if TYPE_CHECKING:
    from torch import Tensor

    from ...models import OutfitModel

__all__ = ["RecD", "RecDOptions", "recombination_divergences"]


def recombination_divergences(student: Tensor, teacher: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    r"""How far the student's scores are from the teacher's: over the outfits, and over the users.

    $$\frac1U \sum_u KL\left(\sigma(T_{u\cdot}/\tau) \| \sigma(S_{u\cdot}/\tau)\right), \quad
      \frac1B \sum_b KL\left(\sigma(T_{\cdot b}/\tau) \| \sigma(S_{\cdot b}/\tau)\right)$$

    with σ the softmax. The first carries the order of the outfits for a user; the second who likes an outfit,
    which is what hard negatives ask.

    Args:
        student: S (U, B), row u: what user u gives to each outfit.
        teacher: T, of that shape. Constants.
        temperature: τ > 0.

    Returns:
        The mean over users, and that over outfits: scalars in at least float32 (also inside autocast).

    Raises:
        InputError: The shapes differ, one is empty, or the temperature is not above 0.

    Example:
        >>> scores = torch.tensor([[0.5, 0.1], [0.2, 0.3]])
        >>> recombination_divergences(scores + 0.2, scores, temperature=0.1)  # a softmax sees no shift
        (tensor(0.), tensor(0.))
    """
    if student.ndim != 2 or not student.numel() or teacher.shape != student.shape:
        found = f"shapes {tuple(student.shape)} and {tuple(teacher.shape)}"
        raise InputError(Fault("student and teacher", found, "one shape (U, B) of 1 or more each"))
    temperature = positive_temperature(temperature)
    student, teacher = full_precision(student) / temperature, full_precision(teacher) / temperature
    by_user, by_outfit = (
        F.kl_div(student.log_softmax(over), teacher.log_softmax(over), reduction="sum", log_target=True)
        / student.shape[1 - over]
        for over in (1, 0)
    )
    return by_user, by_outfit


class RecDOptions(RecombinedOptions):
    """Options of RecD.

    Attributes:
        distillation: λ, the weight of both divergences.
        distillation_temperature: τ of the divergences; `temperature` is the base loss's.
        users: For whom teacher and student score: a sample of so many of all users, drawn for each step (all
            of them where there are no more), or "batch", the batch's.
        base: "n-pair-r", N-pair with the recombined outfits; or "none", where another objective of the method
            is the base (FND).
    """

    distillation: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    distillation_temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.1
    users: Literal["batch"] | Annotated[int, Field(ge=2)] = 256
    base: Literal["n-pair-r", "none"] = "n-pair-r"


@register_objective("recd", options=RecDOptions)
class RecD(Objective):
    """Recombination distillation: N-pair + R, and the teacher's scores of what the step's items make.

    Ours, not the paper's. Teacher and student score the batch's positives, its negatives and the recombined
    outfits for a set of users; the divergences of `recombination_divergences` are added to the base loss. A
    user's own outfits stay masked in the base loss; the divergences label them softly. Nothing is ranked but
    what the step made, and no image is encoded for it: the teacher's item features are a table.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"teacher", "recombined"})

    def __init__(self, options: RecDOptions, model: OutfitModel) -> None:
        super().__init__(options, model)
        self._options = options
        self._num_users = model.num_users

    def forward(self, step: StepContext) -> dict[str, Tensor]:
        """Losses "n-pair-r" (if it is the base), "outfits for a user" and "users for an outfit"."""
        options = self._options
        users = self._users(step)
        outfits = Outfits.joined(step.positives, step.negatives, step.recombined)
        teacher = step.teacher_scores(users, outfits)
        losses = {}
        if options.base == "none":
            student = step.score_matrix(users, outfits)
        else:
            # In one matrix, so that a model that embeds outfits does so once.
            pairs = len(step.users)
            scores = step.score_matrix(torch.cat([step.users, users]), outfits)
            ours, student = scores[:pairs], scores[pairs:]
            negatives = ours[:, pairs:]
            if step.posted is not None:
                free = step.posted.new_zeros(pairs, len(step.recombined.rows))
                negatives = negatives.masked_fill(torch.cat([step.posted, free], dim=1), -math.inf)
            positives = ours[:, :pairs].diagonal()
            losses["n-pair-r"] = n_pair(positives, negatives, options.temperature)
        found = recombination_divergences(student, teacher, options.distillation_temperature)
        losses["outfits for a user"], losses["users for an outfit"] = (
            options.distillation * divergence for divergence in found
        )
        return losses

    def _users(self, step: StepContext) -> Tensor:
        """Distinct users, int64 (U,); drawn from torch's generator, which each epoch seeds."""
        if self._options.users == "batch":
            return step.users.unique()
        drawn = torch.randperm(self._num_users)[: self._options.users]
        return drawn.to(step.users.device)
