"""AlexNet in the four sizes of the paper (Sections 4.1.4 and 4.7).

All share the convolutions of torchvision's AlexNet (2,469,696 parameters). The large, M and S variants go on
with two fully connected layers, 9216→F and F→F, where F is 4096, 2048 or 1024; the small one averages the
last map over its positions instead. torchvision itself is imported for its weights alone, as that takes as
long as importing torch.

    Krizhevsky, *One weird trick for parallelizing convolutional neural networks*, arXiv:1404.5997.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from ..initial import initialise_rectified
from ..options import Pretrained
from .backbone import ImageNetwork
from .fully_connected import FullyConnected
from .registry import register_backbone
from .weights import imagenet_weights

__all__ = ["ALEXNETS", "create_alexnet"]

ALEXNETS: dict[str, int | None] = {
    "alexnet-large": 4096,
    "alexnet-m": 2048,
    "alexnet-s": 1024,
    "alexnet-small": None,
}
"""Width F of the fully connected layers by name; None where there are none."""

_INPUT_SIZE, _SMALLEST = 224, 63
"""Pixels of the images that it is made for, and of the smallest of which a map is left."""

_CHANNELS = 256
"""Of the last map."""


def create_alexnet(name: str, *, pretrained: Pretrained) -> ImageNetwork:
    """Build one of `ALEXNETS`.

    Pretrained weights fill what has the shape of the original: all layers of the large variant, the
    convolutions of the others. The rest starts from `initialise_rectified`. Dropout goes with pretrained
    weights: over random ones its noise has 25 times the power of what tells drawn garments apart.

    Raises:
        ModelError: If pretrained weights cannot be had.
    """
    width = ALEXNETS[name]
    convolutions = _convolutions()
    dropout = 0.5 if pretrained else 0.0
    tail = _average() if width is None else FullyConnected(_CHANNELS, width, dropout)
    network = nn.Sequential(convolutions, tail)
    initialise_rectified(network, raw_input=True)
    if pretrained is True:
        weights = imagenet_weights("alexnet")
        convolutions.load_state_dict(_within(weights, "features."))
        if width == ALEXNETS["alexnet-large"]:
            linears = [layer for layer in tail if isinstance(layer, nn.Linear)]
            for layer, path in zip(linears, ("classifier.1.", "classifier.4."), strict=True):
                layer.load_state_dict(_within(weights, path))
    return ImageNetwork(
        network,
        width=width or _CHANNELS,
        input_size=_INPUT_SIZE,
        smallest=_SMALLEST,
        convolutions="alexnet",
    )


def _register(name: str, width: int | None) -> None:
    def build(pretrained: Pretrained) -> ImageNetwork:
        return create_alexnet(name, pretrained=pretrained)

    layers = f"two fully connected layers of {width}" if width else "the mean of its last map"
    build.__doc__ = f"AlexNet's convolutions and {layers}."
    register_backbone(name)(build)


for _name, _width in ALEXNETS.items():
    _register(_name, _width)


class _Convolution(nn.Conv2d):
    """One with memory of its own and no values yet.

    Not made on PyTorch's device "meta" and moved: that imports SymPy, two seconds and 30 MB that would count
    as a model's.
    """

    def reset_parameters(self) -> None:
        """Draw nothing: `initialise_rectified` does, or weights are read."""


def _convolutions() -> nn.Sequential:
    """Five, as torchvision has them and names their weights."""
    return nn.Sequential(
        _Convolution(3, 64, kernel_size=11, stride=4, padding=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(kernel_size=3, stride=2),
        _Convolution(64, 192, kernel_size=5, padding=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(kernel_size=3, stride=2),
        _Convolution(192, 384, kernel_size=3, padding=1),
        nn.ReLU(inplace=True),
        _Convolution(384, 256, kernel_size=3, padding=1),
        nn.ReLU(inplace=True),
        _Convolution(256, _CHANNELS, kernel_size=3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(kernel_size=3, stride=2),
    )


def _average() -> nn.Sequential:
    """The mean over all positions (Lin et al., *Network in network*)."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


def _within(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The entries below a prefix, named without it."""
    return {name.removeprefix(prefix): w for name, w in weights.items() if name.startswith(prefix)}
