"""Random weights to start from where there are no pretrained ones."""

from __future__ import annotations

from torch import nn

__all__ = ["initialise_rectified"]


def initialise_rectified(network: nn.Module) -> None:
    """Draw the weights of convolutions and linear layers for networks of ReLUs; biases become 0.

    Each layer keeps the size of its input (He et al., *Delving deep into rectifiers*). PyTorch's default
    shrinks it by about √6 a layer, which leaves an AlexNet's eight layers with next to no signal.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
