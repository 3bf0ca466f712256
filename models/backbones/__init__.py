"""Networks that turn an item into a vector: AlexNets of four sizes and torchvision's classifiers."""

from __future__ import annotations

from .backbone import Backbone, FeatureBackbone, ImageBackbone
from .factory import create_backbone, list_backbones

__all__ = ["Backbone", "FeatureBackbone", "ImageBackbone", "create_backbone", "list_backbones"]
