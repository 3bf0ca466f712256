"""The loss of False Negative Distillation (FND), which trains the students."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import torch
from pydantic import Field

from ...core.errors import Fault, InputError
from ..history import Distillation, PositiveMean
from ..recombination import Recombination
from .distillation import collapse_warning
from .distillation import false_negativeness as distance_from_liking
from .n_pair_loss import n_pair
from .objective import (
    FitContext,
    Forecast,
    Need,
    Objective,
    StepContext,
    TemperatureOptions,
    register_objective,
)
from .score_checks import full_precision

if TYPE_CHECKING:
    from torch import Tensor

    from ...models import OutfitModel

__all__ = ["FND", "FNDOptions", "false_negative"]


def false_negative(
    positive: Tensor, negative: Tensor, false_negativeness: Tensor, temperature: float
) -> Tensor:
    r"""False negative distillation, Eq. 13 and 14: N-pair with each negative's score scaled by its d.

    $$-\frac1N \sum_i \log \frac{\exp(r_i/\tau)}{\exp(r_i/\tau) + \sum_k \exp(d_{ik} r_{ik}/\tau)}$$

    The gradient at a negative's score has the sign of its d (Eq. 16): with d > 0 the outfit is pushed from
    the user, with d < 0 (the teacher scores it above the user's average positive) it is pulled. With d = 1
    everywhere this is `n_pair`. See `collapse_warning` for where it fails.

    Args:
        positive: (N,), the student's score of each pair.
        negative: (N, N), row i: the scores that user i gives to the batch's negatives. Any number K ≥ 1 of
            columns is accepted.
        false_negativeness: d, of the shape of `negative`: see `false_negativeness`. Constants: compute them
            without gradient.
        temperature: τ > 0.

    Returns:
        The mean over pairs, a scalar in at least float32 (also inside autocast). A single pair (N = 1) stands
        against its own negative.

    Raises:
        InputError: A shape does not fit, the batch is empty, or the temperature is not above 0.

    Example:
        >>> import torch
        >>> like, unlike = torch.tensor([0.5]), torch.tensor([[0.3]])
        >>> false_negative(like, unlike, torch.tensor([[1.0]]), 0.1) == n_pair(like, unlike, 0.1)
        tensor(True)
    """
    if false_negativeness.shape != negative.shape:
        found, expected = tuple(false_negativeness.shape), tuple(negative.shape)
        raise InputError(Fault("false_negativeness", f"shape {found}", f"that of negative, {expected}"))
    return n_pair(positive, full_precision(false_negativeness) * negative, temperature)


class FNDOptions(TemperatureOptions):
    """Options of FND.

    Attributes:
        alpha: The distillation scale α (Eq. 12).
        alpha_mode: "absolute" takes α as it is, as the paper does; "relative" divides it by the teacher's
            gap, so that 1 makes the mean false-negativeness 1.
        positive_mean: Over which of a user's positives the teacher's mean score is taken (Eq. 11): those that
            it was trained on, as in the paper, which it knows by heart; or ("held-out") those that it chose
            its epoch by, which it scores as all that it has not seen, so that more negatives are called
            false. The gap is then theirs, too.
    """

    alpha: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.25
    alpha_mode: Literal["absolute", "relative"] = "relative"
    positive_mean: PositiveMean = "train"

    def searched(self) -> dict[str, tuple[float, ...]]:
        """α × gap; an absolute α is meant as it stands.

        Example:
            >>> FNDOptions().searched()
            {'alpha': (0.75, 1.0, 1.25, 1.5)}
        """
        return {"alpha": (0.75, 1.0, 1.25, 1.5)} if self.alpha_mode == "relative" else {}


@register_objective("fnd", options=FNDOptions)
class FND(Objective):
    """False negative distillation: the teacher says how far each negative is pushed or pulled (Eq. 13)."""

    needs: ClassVar[frozenset[Need]] = frozenset({"teacher"})
    _recombination: Recombination | None = None

    def __init__(self, options: FNDOptions, model: OutfitModel) -> None:
        super().__init__(options, model)
        self._options = options
        self._alpha = options.alpha

    def begin(self, fit: FitContext) -> Forecast:
        """Fix the absolute α by the teacher's gap, and warn where the loss may collapse."""
        assert fit.teacher is not None  # it is one of the needs
        options, over = self._options, self._options.positive_mean
        if options.alpha_mode == "relative":
            self._alpha = options.alpha / fit.teacher.gap(over)
        found = fit.teacher.describe(self._alpha, options.temperature, over, self._recombination)
        warnings = [warning for warning in (collapse_warning(found), _fallback_warning(found)) if warning]
        return Forecast(found, tuple(warnings))

    def forward(self, step: StepContext) -> dict[str, Tensor]:
        """See `false_negative`."""
        teacher = step.teacher_scores(step.users, step.negatives)
        return {"fnd": self.of_scores(step, step.positive_scores, step.negative_scores, teacher)}

    def of_scores(self, step: StepContext, positive: Tensor, negative: Tensor, teacher: Tensor) -> Tensor:
        """The loss of a step's pairs, with scores that are there already.

        Args:
            step: Whose pairs.
            positive: The student's scores (N,).
            negative: Its scores (N, M) of negatives; −∞ where one is none of the user's.
            teacher: The teacher's scores of these; of no account where one is none.
        """
        with torch.no_grad():
            mean = step.teacher.positive_mean(step.users, self._options.positive_mean)
            d = distance_from_liking(mean, teacher, self._alpha)
            d = d.masked_fill(negative == -math.inf, 1.0)  # keeps −∞ what it is
        return false_negative(positive, negative, d, self._options.temperature)


def _fallback_warning(told: Distillation) -> str | None:
    if told.positive_mean == "train" or not told.without_held_out:
        return None
    return (
        f"{told.without_held_out} users have no positive that the teacher was not trained on: their mean "
        "score is over their training positives"
    )
