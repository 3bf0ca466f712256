"""Fully connected layers whose weight is kept as the product of two smaller ones."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

__all__ = ["INNER", "OUTER", "LowRank", "take_low_rank"]

INNER, OUTER = "inner", "outer"
"""Names of the two factors' weights."""


class LowRank(nn.Module):
    """y = U(Vx) + b in place of y = Wx + b.

    Args:
        inner: V, (r, inputs).
        outer: U, (outputs, r).
        bias: (outputs,), or None.

    Example:
        >>> import torch
        >>> layer = LowRank(torch.ones(1, 3), torch.ones(2, 1), None)
        >>> layer(torch.tensor([[1.0, 2.0, 3.0]])).detach().tolist()
        [[6.0, 6.0]]
    """

    def __init__(self, inner: Tensor, outer: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.inner, self.outer = nn.Parameter(inner), nn.Parameter(outer)
        self.bias = None if bias is None else nn.Parameter(bias)

    @property
    def weight(self) -> Tensor:
        """W, as whoever looks at a layer's weight finds it."""
        return self.outer @ self.inner

    def forward(self, values: Tensor) -> Tensor:
        """Vectors (…, inputs) to (…, outputs)."""
        return nn.functional.linear(nn.functional.linear(values, self.inner), self.outer, self.bias)


def take_low_rank(model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Make a model's layers those that a file's weights are of: of low rank where it holds two factors.

    Args:
        model: A layer at the path `p` becomes a `LowRank` where there are weights `p.inner` and `p.outer`.
        tensors: By name, of the whole model.
    """
    for name, inner in tensors.items():
        path, _, factor = name.rpartition(".")
        if factor != INNER or (outer := tensors.get(f"{path}.{OUTER}")) is None:
            continue
        parent, _, own = path.rpartition(".")
        try:
            layer = model.get_submodule(path)
        except AttributeError:
            continue  # another model's weights: whoever loads them says so
        if isinstance(layer, nn.Linear):
            weight, bias = layer.weight, layer.bias
            factored = LowRank(
                weight.new_empty(inner.shape),
                weight.new_empty(outer.shape),
                None if bias is None else bias.new_empty(len(outer)).detach(),
            )
            setattr(model.get_submodule(parent), own, factored.train(layer.training))
