"""A process's share of a step, where several are at one fit.

What a step costs is encoding its items. So each process encodes a share of them; the features are gathered,
and each then computes the loss of the whole batch, with all its negatives, whatever the objective. That is
the loss of a single process. Its gradients are, too: each process has the whole gradient of every feature,
and takes its own share's through the encoder. The mean over processes that data-parallel training takes would
divide the sum of these parts, so each is taken `ranks` times; of what all have alike, the mean is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

__all__ = ["WHOLE", "Share", "normalises_over_items"]


class Share(NamedTuple):
    """Which share of a step's items is encoded here.

    Attributes:
        rank: From 0.
        ranks: How many processes there are.
    """

    rank: int = 0
    ranks: int = 1

    @classmethod
    def of(cls, fabric: Fabric) -> Share:
        """This process's."""
        return cls(fabric.global_rank, fabric.world_size)

    def encode(
        self, encode: Callable[[Tensor, Tensor], Tensor], inputs: Tensor, categories: Tensor
    ) -> Tensor:
        """Features of all items (n, D), though only a share of them is encoded here.

        Args:
            encode: From items (m, …) and categories (m,) to features (m, D), each item by itself
                (`normalises_over_items`). What it draws (dropout), each process draws for itself; what is
                drawn after it, all draw alike.
            inputs: The step's distinct items (n, …), the same in every process.
            categories: int64 (n,).
        """
        if self.ranks == 1:
            return encode(inputs, categories)
        size = -(-len(inputs) // self.ranks)
        own = torch.arange(self.rank * size, (self.rank + 1) * size, device=inputs.device)
        own = own.clamp(max=len(inputs) - 1)  # the last shares may repeat an item, as all are of one size
        seed = int(torch.randint(2**62, ()))
        with torch.random.fork_rng([inputs.device] if inputs.is_cuda else []):
            torch.manual_seed(seed + self.rank)
            features = encode(inputs[own], categories[own])
        return _Gathered.apply(features, self).flatten(0, 1)[: len(inputs)]


class _Gathered(torch.autograd.Function):
    """Every process's features (m, D), as (ranks, m, D)."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, share: Share) -> Tensor:  # noqa: ANN401 - torch's
        """Wait for the others'."""
        ctx.share = share
        own = features.contiguous()
        everybodys = [torch.empty_like(own) for _ in range(share.ranks)]
        torch.distributed.all_gather(everybodys, own)
        return torch.stack(everybodys)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        """What the loss, which is all here, wants of the own features."""
        return gradients[0][ctx.share.rank] * ctx.share.ranks, None


WHOLE = Share()
"""All of it: of a process that is alone."""


def normalises_over_items(model: nn.Module) -> bool:
    """Whether a network's features of an item depend, in training, on what is encoded beside it (BatchNorm).

    Example:
        >>> normalises_over_items(nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)))
        True
    """
    return any(isinstance(part, nn.modules.batchnorm._BatchNorm) for part in model.modules())
