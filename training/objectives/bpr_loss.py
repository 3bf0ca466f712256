"""Bayesian personalized ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional as F  # noqa: N812 - the name everyone knows

from ...core.errors import Fault, InputError
from .objective import Objective, StepContext, TemperatureOptions, register_objective
from .score_checks import batch_scores

if TYPE_CHECKING:
    from torch import Tensor

    from ...models import OutfitModel

__all__ = ["BPR", "bpr"]


def bpr(positive: Tensor, negative: Tensor, temperature: float) -> Tensor:
    r"""Bayesian personalized ranking: each positive against one negative, its own.

    $$-\frac1N \sum_i \log \sigma\left((r_i - r_{ii}) / \tau\right)$$

    Rendle et al., *BPR: Bayesian Personalized Ranking from Implicit Feedback* (UAI 2009),
    https://arxiv.org/abs/1205.2618.

    Args:
        positive: (N,), the score of each pair.
        negative: (N, N), as the other objectives take it. Only the diagonal counts: the score that user i
            gives to the negative drawn for pair i.
        temperature: τ > 0; the paper scales BPR too, for a fair comparison (Sec. 4.1.3).

    Returns:
        The mean over pairs, a scalar in at least float32 (also inside autocast).

    Raises:
        InputError: `negative` is not square, the batch is empty, or the temperature is not above 0.

    Example:
        >>> import torch
        >>> bpr(torch.zeros(2), torch.zeros(2, 2), temperature=0.1).exp()  # one of two, by chance
        tensor(2.)
    """
    positive, negative = batch_scores(positive, negative, temperature)
    pairs, columns = negative.shape
    if columns != pairs:
        raise InputError(Fault("negative", f"shape {(pairs, columns)}", f"square, ({pairs}, {pairs})"))
    return -F.logsigmoid(positive - negative.diagonal()).mean()


@register_objective("bpr", options=TemperatureOptions)
class BPR(Objective):
    """Bayesian personalized ranking: each positive against the one negative drawn for it."""

    def __init__(self, options: TemperatureOptions, model: OutfitModel) -> None:
        super().__init__(options, model)
        self._temperature = options.temperature

    def forward(self, step: StepContext) -> dict[str, Tensor]:
        """See `bpr`."""
        return {"bpr": bpr(step.positive_scores, step.negative_scores, self._temperature)}
