"""The face of a backbone, whatever its input: images through a network, or a vector for each item."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..errors import ModelError
from ..initial import initialise_rectified
from ..options import InputKind
from .fully_connected import FullyConnected

__all__ = ["Backbone", "FeatureBackbone", "ImageBackbone", "ImageNetwork", "MapBackbone"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Of the RGB channels in [0, 1], as torchvision's weights expect."""


class Backbone(nn.Module):
    """Items to vectors.

    In evaluation an item's vector does not depend on the other items of its batch. In training it may: a
    BatchNorm normalises by the mean and variance over the items that a step encodes (of which there must be
    at least two), and moves its running averages, which evaluation uses, towards them. Where a backbone is
    frozen (`evaluation.frozen`), it encodes in evaluation.

    Attributes:
        name: The name it is created by.
        input_kind: "image" or "features".
        input_size: H = W in pixels that it is made for, or F for feature input.
        width: Length of the vectors it gives.
    """

    name: str
    input_kind: InputKind
    input_size: int
    width: int


class FeatureBackbone(Backbone):
    """No network over images: items are known by a vector each.

    Args:
        size: F, the length of the vectors that come in.
        connected: Width of two fully connected layers with ReLU, F→width→width; None for none, the vectors
            are given back as they are.
    """

    def __init__(self, size: int, connected: int | None = None) -> None:
        super().__init__()
        self.name = "features"
        self.input_kind = "features"
        self.input_size = size
        self.width = connected or size
        layers = []
        for inputs in (size, connected) if connected else ():
            layers += [nn.Linear(inputs, self.width), nn.ReLU(inplace=True)]
        self.network = nn.Sequential(*layers)
        initialise_rectified(self.network, raw_input=True)

    def forward(self, features: Tensor) -> Tensor:
        """Encode vectors, float (n, F), to float (n, width).

        Raises:
            ModelError: If they have another length.
        """
        if features.ndim != 2 or features.shape[1] != self.input_size:
            raise ModelError(
                f"items: found a tensor {list(features.shape)}, expected features (n, {self.input_size})"
            )
        return self.network(features)


@dataclass(frozen=True)
class ImageNetwork:
    """A network over normalised images, and what is known of it.

    Attributes:
        module: Float (n, 3, H, W) to float (n, width).
        width: Length of its vectors.
        input_size: H = W in pixels that it is made for.
        smallest: The least H and W it takes; when it equals `input_size` the network takes no other.
        mean: Of the RGB channels in [0, 1], which its images are normalised by.
        deviation: Of the same.
        convolutions: Where `module` is an `nn.Sequential` of convolutions and what works on their map: the
            convolutions' name, which networks that share them share; None for any other.
    """

    module: nn.Module
    width: int
    input_size: int
    smallest: int
    mean: tuple[float, ...] = IMAGENET_MEAN
    deviation: tuple[float, ...] = IMAGENET_STD
    convolutions: str | None = None


class ImageBackbone(Backbone):
    """A network over images in [0, 1], which it normalises by the mean and deviation that the network wants.

    Args:
        name: The name it is created by.
        network: The network.

    Attributes:
        convolutions: Name of its convolutions, where they can be taken by themselves (`cut`), or None.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, name: str, network: ImageNetwork) -> None:
        super().__init__()
        self.name = name
        self.convolutions = network.convolutions
        self._pixels = network.mean, network.deviation
        self.input_kind = "image"
        self.input_size = network.input_size
        self.smallest = network.smallest
        self.width = network.width
        self.network = network.module
        mean, deviation = torch.tensor([network.mean, network.deviation]).view(2, 1, 3, 1, 1)
        self.register_buffer("scale", 1 / deviation, persistent=False)
        self.register_buffer("shift", -mean / deviation, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Encode images, float (n, 3, H, W) in [0, 1], to float (n, width).

        Raises:
            ModelError: If the tensor has another shape, or the images are too small for the network.
        """
        self._check(images)
        return self.network(torch.addcmul(self.shift, images, self.scale))

    def cut(self, image_size: int) -> tuple[ImageBackbone, MapBackbone]:
        """Its convolutions, and what works on their map.

        Args:
            image_size: H = W of the images in pixels, which the map's size follows from.

        Returns:
            Images to maps, float (n, C·h·w); and maps to vectors, which after training hands back what it has
            learnt.

        Raises:
            ModelError: If it is not made of the two, or such images are too small.
        """
        if self.convolutions is None or not isinstance(self.network, nn.Sequential):
            raise ModelError(
                f"backbone {self.name!r}: found no convolutions that can be taken by themselves, "
                "expected an AlexNet"
            )
        convolutions, tail = self.network
        with torch.no_grad():
            blank = next(convolutions.parameters()).new_zeros(1, 3, image_size, image_size)
            self._check(blank)
            shape = convolutions(blank).shape[1:]
        flat = nn.Sequential(convolutions, nn.Flatten())
        maps = ImageNetwork(flat, math.prod(shape), self.input_size, self.smallest, *self._pixels)
        return ImageBackbone(self.convolutions, maps), MapBackbone(tail, shape, self.width)

    def _check(self, images: Tensor) -> None:
        if images.ndim != 4 or images.shape[1] != 3:
            raise ModelError(f"items: found a tensor {list(images.shape)}, expected images (n, 3, H, W)")
        height, width = images.shape[2:]
        if self.smallest == self.input_size != max(height, width):
            raise ModelError(
                f"items: found images of {height}×{width} pixels, "
                f"expected {self.input_size}×{self.input_size}, the only size that {self.name} takes"
            )
        if min(height, width) < self.smallest:
            raise ModelError(
                f"items: found images of {height}×{width} pixels, "
                f"expected at least {self.smallest}×{self.smallest}, the least that {self.name} takes"
            )


class MapBackbone(Backbone):
    """What follows the convolutions of an image network, over maps that were made before.

    Args:
        tail: Maps float (n, C, h, w) to vectors float (n, width).
        shape: C, h and w.
        width: Of the vectors.
    """

    def __init__(self, tail: nn.Module, shape: torch.Size, width: int) -> None:
        super().__init__()
        self.name = "maps"
        self.input_kind = "features"
        self.input_size = math.prod(shape)
        self.width = width
        self.tail = tail.fold(shape[-1]) if isinstance(tail, FullyConnected) else tail
        self._shape = shape
        self._origin = [tail]  # in a list: its weights are not trained beside those of `tail`

    def forward(self, maps: Tensor) -> Tensor:
        """Encode maps, float (n, C·h·w), to float (n, width)."""
        return self.tail(maps.unflatten(1, self._shape))

    def hand_back(self) -> None:
        """Give what was learnt to the network that it was cut from."""
        (origin,) = self._origin
        if isinstance(origin, FullyConnected):
            origin.unfold(self.tail)
