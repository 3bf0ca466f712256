"""The N-pair loss, which trains the teacher."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 - the name everyone knows

from .objective import Objective, StepContext, TemperatureOptions, register_objective
from .score_checks import batch_scores

if TYPE_CHECKING:
    from torch import Tensor

    from ...models import OutfitModel

__all__ = ["NPair", "n_pair"]


def n_pair(positive: Tensor, negative: Tensor, temperature: float) -> Tensor:
    r"""N-pair loss as in Eq. 10: each positive against all negatives of the batch.

    $$-\frac1N \sum_i \log \frac{\exp(r_i/\tau)}{\exp(r_i/\tau) + \sum_k \exp(r_{ik}/\tau)}$$

    Sohn, *Improved Deep Metric Learning with Multi-class N-pair Loss Objective* (NIPS 2016),
    https://papers.nips.cc/paper/2016/hash/6b180037abbebea991d8b1232f8a8ca9-Abstract.html.

    Args:
        positive: (N,), the score of each pair.
        negative: (N, N), row i: the scores that user i gives to the batch's negatives. Any number K ≥ 1 of
            columns is accepted.
        temperature: τ > 0.

    Returns:
        The mean over pairs, a scalar in at least float32 (also inside autocast). A single pair (N = 1) stands
        against its own negative, where N-pair and BPR are the same.

    Raises:
        InputError: A shape does not fit, the batch is empty, or the temperature is not above 0.

    Example:
        >>> n_pair(torch.zeros(2), torch.zeros(2, 2), temperature=0.1).exp()  # one of three, by chance
        tensor(3.)
    """
    positive, negative = batch_scores(positive, negative, temperature)
    # log σ(r − log Σ exp r_k) is the same logarithm, exact also where the loss is near 0.
    return -F.logsigmoid(positive - torch.logsumexp(negative, dim=1)).mean()


@register_objective("n-pair", options=TemperatureOptions)
class NPair(Objective):
    """N-pair loss: each positive against all negatives of the batch (Eq. 10)."""

    def __init__(self, options: TemperatureOptions, model: OutfitModel) -> None:
        super().__init__(options, model)
        self._temperature = options.temperature

    def forward(self, step: StepContext) -> dict[str, Tensor]:
        """See `n_pair`."""
        return {"n-pair": n_pair(step.positive_scores, step.negative_scores, self._temperature)}
