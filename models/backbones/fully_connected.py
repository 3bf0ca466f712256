"""AlexNet's fully connected layers, and how they are trained over maps that were made before."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["FullyConnected"]

_POSITIONS = 6
"""Height and width of the map in front of the fully connected layers."""


class FullyConnected(nn.Sequential):
    """The pooling to 6×6 and torchvision's classifier without its last layer.

    Args:
        channels: Of the map.
        width: F, of both layers.
        dropout: In front of each.
    """

    def __init__(self, channels: int, width: int, dropout: float) -> None:
        first = nn.Linear(channels * _POSITIONS**2, width)
        rest = [
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(width, width),
            nn.ReLU(inplace=True),
        ]
        super().__init__(nn.AdaptiveAvgPool2d(_POSITIONS), nn.Flatten(), nn.Dropout(dropout), first, *rest)

    def fold(self, side: int) -> nn.Module:
        """What is trained in their place over maps of one size: itself where nothing is gained.

        The pooling repeats each value of a map that is smaller than 6×6, r² times. The weights of the copies
        are trained as one, V = ΣW / r, over r times the map: their gradient, its norm and their decay come to
        the same (under SGD; Adam's steps know no size), and at 3×3 the largest layer is a fourth of the
        products, forward and backward. Dropout then takes a value of the map with all its copies, or leaves
        them all.

        Args:
            side: Height and width of the maps.
        """
        repeats, rest = divmod(_POSITIONS, side)
        low_rank = not isinstance(self[3], nn.Linear)  # compressed, and so not trained
        return self if rest or repeats == 1 or low_rank else _Folded(self, repeats)

    def unfold(self, folded: nn.Module) -> None:
        """Take over what `fold` gave to be trained."""
        if isinstance(folded, _Folded):
            copies = _copies(self.first.weight, folded.repeats)
            with torch.no_grad():
                copies.copy_(folded.weight[:, :, :, None, :, None] / folded.repeats)

    @property
    def first(self) -> nn.Linear:
        """The layer over the map's 6×6 positions."""
        first = self[3]
        assert isinstance(first, nn.Linear)
        return first


class _Folded(nn.Module):
    """The layers with one weight for all copies of a value; all but that weight is shared with them."""

    def __init__(self, layers: FullyConnected, repeats: int) -> None:
        super().__init__()
        _, _, self.dropout, _, *rest = layers
        self.repeats = repeats
        with torch.no_grad():
            self.weight = nn.Parameter(_copies(layers.first.weight, repeats).sum((3, 5)) / repeats)
        self.bias = layers.first.bias
        self.rest = nn.Sequential(*rest)

    def forward(self, maps: Tensor) -> Tensor:
        vectors = self.dropout((maps * self.repeats).flatten(1))
        return self.rest(nn.functional.linear(vectors, self.weight.flatten(1), self.bias))


def _copies(weight: Tensor, repeats: int) -> Tensor:
    """A view of a weight (F, C·36) as (F, C, h, r, h, r): those of the r² copies of each value of a map."""
    side = _POSITIONS // repeats
    return weight.view(len(weight), -1, side, repeats, side, repeats)
