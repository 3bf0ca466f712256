"""The one border of the objectives: shapes, temperature and precision of what comes in."""

from __future__ import annotations

import torch
from torch import Tensor

from ...core.errors import Fault, InputError

__all__ = ["batch_scores", "full_precision", "positive_temperature"]


def batch_scores(positive: Tensor, negative: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """A batch's scores divided by the temperature, in full precision.

    Raises:
        InputError: `positive` is not (N,) with N ≥ 1, `negative` is not (N, K) with K ≥ 1, or the temperature
            is not above 0. Wrong shapes would otherwise broadcast into a wrong loss.
    """
    if positive.ndim != 1 or not len(positive):
        raise InputError(Fault("positive", f"shape {tuple(positive.shape)}", "(N,) with N of 1 or more"))
    if negative.ndim != 2 or len(negative) != len(positive) or not negative.shape[1]:
        raise InputError(
            Fault(
                "negative", f"shape {tuple(negative.shape)}", f"one row for each pair, ({len(positive)}, K)"
            )
        )
    temperature = positive_temperature(temperature)
    return full_precision(positive) / temperature, full_precision(negative) / temperature


def positive_temperature(temperature: float) -> float:
    """The temperature, if it is one.

    Raises:
        InputError: It is not above 0.
    """
    if not temperature > 0:
        raise InputError(Fault("temperature", str(temperature), "a number above 0"))
    return temperature


def full_precision(scores: Tensor) -> Tensor:
    """At least float32: cosines in bfloat16 step by 0.004, which a temperature of 0.1 makes 0.04."""
    return scores.to(torch.promote_types(scores.dtype, torch.float32))
