"""The masked set transformer: items of an outfit to one vector, whatever their order and number.

Lee et al., *Set Transformer* (ICML 2019, https://arxiv.org/abs/1810.00825), as changed by the FND paper
(Section 3.1.1): the residual adds the input itself, not the projected query.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from .vectors import at_least_float32

__all__ = ["AttentionBlock", "SetTransformer"]


class AttentionBlock(nn.Module):
    """Multi-head attention and a feed-forward layer, each with a residual and LayerNorm (Eqs. 2–5, 7, 8).

    With Q = X this is the set attention block SAB(X); with the seed as Q it is the pooling block. σ is one
    linear layer and ReLU.

    Args:
        width: d, a multiple of `heads`.
        heads: h; each head scales its logits by 1/√(d/h).
    """

    def __init__(self, width: int = 128, heads: int = 8) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.merge = nn.Linear(width, width)
        self.feed_forward = nn.Linear(width, width)
        self.attention_norm = nn.LayerNorm(width)
        self.output_norm = nn.LayerNorm(width)

    def forward(self, queries: Tensor, items: Tensor, empty: Tensor) -> Tensor:
        """Let each query gather from the items.

        Args:
            queries: Float (B, Q, d), or (1, Q, d) to ask every outfit the same.
            items: Float (B, K, d), finite everywhere.
            empty: bool (B, K), True where a slot holds no item; nothing is gathered from there.

        Returns:
            Float (B, Q, d).
        """
        hidden = self.attention_norm(queries + self.merge(self._attend(queries, items, empty)))
        return self.output_norm(hidden + self.feed_forward(hidden).relu_())

    def _attend(self, queries: Tensor, items: Tensor, empty: Tensor) -> Tensor:
        """Concatenated heads before W^M, float (B, Q, d).

        Products over the few items of an outfit are faster elementwise than as batches of tiny matrix
        products, forward and backward, and need no transposes.
        """
        query, key, value = (
            project(rows).unflatten(-1, (self.heads, -1))
            for project, rows in ((self.query, queries), (self.key, items), (self.value, items))
        )
        logits = (query.unsqueeze(2) * key.unsqueeze(1)).sum(-1).div_(math.sqrt(query.shape[-1]))
        weights = _softmax_over_items(logits, empty[:, None, :, None]).to(value.dtype)
        return (weights.unsqueeze(-1) * value.unsqueeze(1)).sum(2).flatten(2)


def _softmax_over_items(logits: Tensor, empty: Tensor) -> Tensor:
    """Attention weights in float32 at least, float (B, Q, K, h); exactly 0 in empty slots.

    Only where all slots are empty are they equal, so that no row is NaN.
    """
    logits = at_least_float32(logits)
    return logits.masked_fill(empty, torch.finfo(logits.dtype).min).softmax(2)


class SetTransformer(nn.Module):
    """Two set attention blocks, then pooling by attention on a learnt seed (Eqs. 6–8).

    Args:
        width: d.
        heads: h.

    Example:
        >>> features, empty = torch.randn(2, 3, 128), torch.tensor([[False, False, True]] * 2)
        >>> SetTransformer()(features, empty).shape
        torch.Size([2, 128])
    """

    def __init__(self, width: int = 128, heads: int = 8) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(AttentionBlock(width, heads) for _ in range(2))
        self.pooling = AttentionBlock(width, heads)
        self.seed = nn.Parameter(torch.randn(width) / math.sqrt(width))

    def forward(self, features: Tensor, empty: Tensor) -> Tensor:
        """Embed outfits.

        Args:
            features: Float (B, K, d); what stands in an empty slot, be it NaN, is ignored.
            empty: bool (B, K), True where a slot holds no item. An outfit of empty slots alone has a
                finite vector, the same for any K.

        Returns:
            Float (B, d).
        """
        items = at_least_float32(features).masked_fill(empty.unsqueeze(-1), 0.0)
        for block in self.blocks:
            items = block(items, items, empty)
        return self.pooling(self.seed[None, None], items, empty).squeeze(1)
