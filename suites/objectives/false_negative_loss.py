"""The loss of False Negative Distillation (FND), which trains the students."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...datasets.errors import Fault, InputError
from .n_pair_loss import n_pair
from .score_checks import full_precision

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["false_negative"]


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
