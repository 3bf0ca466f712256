"""Vectors where autocast's half precision ends: in float32 at least, and at length 1."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["at_least_float32", "cosines", "distances", "roots", "unit"]


def at_least_float32(values: Tensor) -> Tensor:
    """The same values, in float32 where they have fewer digits: norms, softmax and distances want them.

    Example:
        >>> at_least_float32(torch.ones(2, dtype=torch.bfloat16)).dtype
        torch.float32
    """
    return values.to(torch.promote_types(values.dtype, torch.float32))


def cosines(one: Tensor, other: Tensor) -> Tensor:
    """Cosine of every vector of one set with every vector of another, in float32 at least.

    Args:
        one: Float (U, d).
        other: Float (B, d).

    Returns:
        Float (U, B), in [−1, 1]; 0 for a vector of length 0.

    Example:
        >>> cosines(torch.tensor([[3.0, 4.0]]), torch.tensor([[2.0, 0.0], [0.0, 5.0]]))
        tensor([[0.6000, 0.8000]])
    """
    with torch.autocast(one.device.type, enabled=False):
        return unit(one) @ unit(other).mT


def distances(one: Tensor, other: Tensor) -> Tensor:
    """‖one − other‖₂, with no gradient where it is 0; see `roots`.

    Args:
        one: Float (…, d).
        other: Float, of a shape that fits that of `one`.

    Example:
        >>> distances(torch.tensor([[3.0, 4.0], [1.0, 1.0]]), torch.tensor([[0.0, 0.0], [1.0, 1.0]]))
        tensor([5., 0.])
    """
    return roots((one - other).square().sum(-1))


def roots(squared: Tensor) -> Tensor:
    """Lengths from their squares, with no gradient at 0: a length is least there, and its root has none.

    Example:
        >>> roots(torch.tensor([4.0, 0.0]))
        tensor([2., 0.])
    """
    apart = squared > 0
    return torch.where(apart, torch.where(apart, squared, 1.0).sqrt(), 0.0)


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
