"""Backbones by name."""

from __future__ import annotations

from pathlib import Path

from ...core.registry import Entry
from ..errors import ModelError
from ..options import ModelOptions
from .alexnet import ALEXNETS
from .backbone import Backbone, FeatureBackbone, ImageBackbone, ImageNetwork
from .efficientnet_lite import lite0_weights_file
from .registry import BACKBONES, NetworkBuilder
from .timm_networks import is_timm_name, timm_entry
from .weights import weights_file

__all__ = ["backbone_entry", "check_backbone", "create_backbone", "list_backbones", "weights_to_fetch"]

_WEIGHTS_BY_PACKAGE = {"efficientnet-lite0": lite0_weights_file}
"""Whose ImageNet weights are a package, installed or not; those of others may have to be fetched."""


def list_backbones() -> list[str]:
    """Names of image backbones, sorted: ours, those of installed packages, and those of loaded plugins.

    The networks of timm are not listed; any of them is `timm-NAME`.

    Example:
        >>> list_backbones()[:5]
        ['alexnet', 'alexnet-large', 'alexnet-m', 'alexnet-s', 'alexnet-small']
    """
    return BACKBONES.names()


def backbone_entry(name: str, where: str | Path = "argument backbone") -> Entry[NetworkBuilder]:
    """What is known of a backbone: its builder, and its file where it is not ours.

    Args:
        name: One of `list_backbones()`, or `timm-NAME` (also `timm:NAME`) for a network of timm.
        where: The file and key, or the argument, for the message.

    Raises:
        InputError: For an unknown name (the nearest are told), or one of timm's where timm is not installed.
    """
    return timm_entry(name, where) if is_timm_name(name) else BACKBONES.entry(name, where)


def check_backbone(name: str, *, pretrained: bool, where: str | Path = "argument backbone") -> None:
    """Find out, before anything is built, whether what a backbone needs is installed.

    Args:
        name: As of `backbone_entry`.
        pretrained: Whether it is to start from ImageNet weights. Nothing is fetched.
        where: The file and key, or the argument, for the message.

    Raises:
        InputError: For an unknown name, or a missing package; the message says what to install.
    """
    backbone_entry(name, where)
    if pretrained and name in _WEIGHTS_BY_PACKAGE:
        _WEIGHTS_BY_PACKAGE[name](where)


def weights_to_fetch(name: str) -> str:
    """What of a backbone's ImageNet weights may have to be fetched, for people; empty where nothing is known.

    Args:
        name: As of `backbone_entry`. Nothing is fetched.
    """
    if is_timm_name(name):
        return f"the ImageNet weights of {name} are timm's, which fetches what its cache does not hold"
    from .classifier import list_classifiers

    if name in ALEXNETS or name in list_classifiers():
        file = weights_file("alexnet" if name in ALEXNETS else name)
        return (
            "" if file.exists() else f"the ImageNet weights of {name} are fetched first ({file} is not there)"
        )
    return ""


def create_backbone(options: ModelOptions, default: str) -> Backbone:
    """Build the backbone that the options ask for.

    With feature input there is no network over images, but a model whose own AlexNet ends in fully connected
    layers keeps layers of their width, F→width→width: models that differ in their AlexNet still differ.

    Args:
        options: What the model is built for.
        default: The model's own choice, where the options leave it open.

    Raises:
        InputError: For an unknown name (the nearest are told), or a package that is not installed.
        ModelError: If pretrained weights cannot be had, or a stranger's builder builds something else.
    """
    if options.input_kind == "features":
        return FeatureBackbone(options.feature_size, ALEXNETS.get(default))
    entry = backbone_entry(options.backbone or default)
    network = entry.value(options.pretrained)
    if not isinstance(network, ImageNetwork):
        raise ModelError(
            f"backbone {entry.name!r}: found a {type(network).__name__} built by {entry.place}, "
            "expected an ImageNetwork"
        )
    return ImageBackbone(entry.name, network)
