"""What convolutions' formulas count for the padding about an image, which no engine has to multiply."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .operator_watch import OperatorWatch

__all__ = ["PaddingFlops"]


class PaddingFlops(OperatorWatch):
    """FLOPs of the products with padding that are called inside, there and on the way back.

    A transposed convolution has none: there, padding leaves products out.

    Example:
        >>> import torch
        >>> from torch.nn.functional import conv2d
        >>> image, kernel = torch.ones(1, 3, 4, 4), torch.ones(8, 3, 3, 3)
        >>> with PaddingFlops() as padding:
        ...     inside = conv2d(image, kernel, padding=1)
        >>> padding.flops == 2 * 8 * 3 * 4 * 4 * 3 * 3 - 2 * int(inside.sum())
        True
    """

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0

    def note(self, name: str, arguments: tuple[Any, ...], options: dict[str, Any], out: object) -> None:
        """Add what a convolution's padding counts for."""
        match name, arguments:
            case "convolution", (image, kernel, _, stride, padding, dilation, False, *_):
                self.flops += _with_padding(image.shape, kernel.shape, stride, padding, dilation)
            case "convolution_backward", (_, image, kernel, _, stride, padding, dilation, False, *_, asked):
                each = _with_padding(image.shape, kernel.shape, stride, padding, dilation)
                self.flops += each * sum(asked[:2])  # of the image's gradient, and of the kernel's


def _with_padding(
    image: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
) -> int:
    """Of images (B, C, …) and kernels (C', C / groups, …)."""
    sides = zip(image[2:], kernel[2:], stride, padding, dilation, strict=True)
    taken = [_taps(*side) for side in sides]
    every, inside = (math.prod(counts) for counts in zip(*taken, strict=True))
    return 2 * image[0] * kernel[0] * kernel[1] * (every - inside)


def _taps(side: int, kernel: int, stride: int, padding: int, dilation: int) -> tuple[int, int]:
    """How many places a kernel takes along a side in all its steps, and how many of them lie in the image."""
    steps = (side + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
    places = stride * np.arange(steps)[:, None] - padding + dilation * np.arange(kernel)
    return places.size, int(((places >= 0) & (places < side)).sum())
