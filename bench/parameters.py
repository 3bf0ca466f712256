"""How big a model is, counted."""

from __future__ import annotations

from typing import NamedTuple

from torch import nn

__all__ = ["Count", "count_parameters"]


class Count(NamedTuple):
    """Numbers that a model holds.

    Attributes:
        parameters: Trainable, shared ones once.
        buffers: Not trained: normalisation constants, running means.
    """

    parameters: int
    buffers: int


def count_parameters(model: nn.Module) -> Count:
    """Parameters and buffers apart.

    Example:
        >>> count_parameters(nn.BatchNorm1d(5))
        Count(parameters=10, buffers=11)
    """
    return Count(
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        buffers=sum(buffer.numel() for buffer in model.buffers()),
    )
