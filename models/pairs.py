"""The pairs of an outfit's items, for models that score an outfit by them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Pairs", "pairs_of"]


class Pairs(NamedTuple):
    """Pairs of an outfit's K slots, those with k < l once each.

    Attributes:
        first: Slot k of each, int64 (P,).
        second: Slot l of each, int64 (P,).
        worn: bool (B, P), whether it is k < l and both slots hold an item.
    """

    first: Tensor
    second: Tensor
    worn: Tensor

    def mean(self, values: Tensor) -> Tensor:
        """The mean of values (B, P) over each outfit's pairs, (B,); 0 for an outfit without one."""
        return values.masked_fill(~self.worn, 0.0).sum(1) / self.worn.sum(1).clamp(min=1)


def pairs_of(categories: Tensor) -> Pairs:
    """The pairs of outfits, P = K (K − 1) / 2 of them.

    Where K is not known yet, as the graph is exported or compiled, all K² are there, most of them in vain.

    Args:
        categories: int64 (B, K), −1 where a slot is empty.

    Example:
        >>> pairs = pairs_of(torch.tensor([[0, 1, 2], [0, -1, 2]]))
        >>> pairs.first.tolist(), pairs.second.tolist(), pairs.worn.sum(1).tolist()
        ([0, 0, 1], [1, 2, 2], [3, 1])
    """
    count, worn = categories.shape[1], categories >= 0
    if not torch.compiler.is_compiling():
        first, second = torch.triu_indices(count, count, offset=1, device=categories.device)
        return Pairs(first, second, worn[:, first] & worn[:, second])
    slots = torch.arange(count, device=categories.device)
    first = slots.unsqueeze(1).expand(count, count).flatten()
    second = slots.unsqueeze(0).expand(count, count).flatten()
    return Pairs(first, second, worn[:, first] & worn[:, second] & (first < second))
