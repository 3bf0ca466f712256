"""Networks that turn an item into a vector: AlexNets, torchvision's, timm's, EfficientNet-lite0."""

from __future__ import annotations

from .backbone import Backbone, FeatureBackbone, ImageBackbone, ImageNetwork, MapBackbone
from .factory import backbone_entry, check_backbone, create_backbone, list_backbones
from .registry import BACKBONES, register_backbone

__all__ = [
    "BACKBONES",
    "Backbone",
    "FeatureBackbone",
    "ImageBackbone",
    "ImageNetwork",
    "MapBackbone",
    "backbone_entry",
    "check_backbone",
    "create_backbone",
    "list_backbones",
    "register_backbone",
]
