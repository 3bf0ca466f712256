"""The backbones' names."""

from __future__ import annotations

from collections.abc import Callable

from ...core.registry import Registry
from ..options import Pretrained
from .backbone import ImageNetwork

__all__ = ["BACKBONES", "NetworkBuilder", "register_backbone"]

NetworkBuilder = Callable[[Pretrained], ImageNetwork]
"""Builds a network, with its ImageNet weights if the argument is true ("later": they need not be fetched).

Weights that a trial has trained may be loaded over a network that was built without, so the argument decides
neither the names nor the shapes of its parameters and buffers, nor what it computes in evaluation.
"""

BACKBONES: Registry[NetworkBuilder] = Registry(
    "backbone",
    *(f"{__package__}.{file}" for file in ("alexnet", "efficientnet_lite")),
    later=[f"{__package__}.classifier"],  # imports torchvision, which takes as long as torch itself
)

register_backbone = BACKBONES.register
"""Enter a backbone: `@register_backbone("name")` on a `NetworkBuilder`."""
