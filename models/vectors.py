"""Vectors where autocast's half precision ends: in float32 at least, and at length 1."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["at_least_float32", "unit"]


def at_least_float32(values: Tensor) -> Tensor:
    """The same values, in float32 where they have fewer digits: norms, softmax and distances want them.

    Example:
        >>> at_least_float32(torch.ones(2, dtype=torch.bfloat16)).dtype
        torch.float32
    """
    return values.to(torch.promote_types(values.dtype, torch.float32))


def unit(vectors: Tensor) -> Tensor:
    """Vectors scaled to length 1, in float32 at least; one of length 0 stays.

    Args:
        vectors: Float (…, d).

    Example:
        >>> unit(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
        tensor([[0.6000, 0.8000],
                [0.0000, 0.0000]])
    """
    return functional.normalize(at_least_float32(vectors), dim=-1)
