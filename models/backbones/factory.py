"""Backbones by name."""

from __future__ import annotations

from ..errors import ModelError
from ..nearest import nearest
from ..options import ModelOptions
from .alexnet import ALEXNETS, create_alexnet
from .backbone import Backbone, FeatureBackbone, ImageBackbone
from .classifier import create_classifier, list_classifiers

__all__ = ["create_backbone", "list_backbones"]


def list_backbones() -> list[str]:
    """Names of all image backbones: the paper's AlexNets, then torchvision's classifiers.

    Example:
        >>> list_backbones()[:5]
        ['alexnet-large', 'alexnet-m', 'alexnet-s', 'alexnet-small', 'alexnet']
    """
    return [*ALEXNETS, *list_classifiers()]


def create_backbone(options: ModelOptions, default: str) -> Backbone:
    """Build the backbone that the options ask for.

    Args:
        options: What the model is built for.
        default: The model's own choice, where the options leave it open.

    Raises:
        ModelError: For an unknown name (the nearest are told), or pretrained weights that cannot be had.
    """
    if options.input_kind == "features":
        return FeatureBackbone(options.feature_size)
    name = options.backbone or default
    if name in ALEXNETS:
        return ImageBackbone(name, create_alexnet(name, pretrained=options.pretrained))
    if name in list_classifiers():
        return ImageBackbone(name, create_classifier(name, pretrained=options.pretrained))
    raise ModelError(
        f"argument backbone: found {name!r}, expected a backbone; {nearest(name, list_backbones())}"
    )
