"""Any torchvision classifier as a backbone: the network without its last layer."""

from __future__ import annotations

import torchvision
from torch import nn

from ..options import Pretrained
from .backbone import ImageNetwork
from .registry import register_backbone
from .weights import imagenet_weights, known_weights

__all__ = ["create_classifier", "list_classifiers"]

_CLASSES = 1000
"""Of ImageNet: the layer that has so many outputs is the classifier."""

_OPTIONS: dict[str, dict[str, bool]] = {
    name: {"aux_logits": False, "init_weights": True} for name in ("googlenet", "inception_v3")
}
"""The two whose constructors add training-time classifiers unless told not to."""


def list_classifiers() -> list[str]:
    """Names of torchvision's ImageNet classifiers (`resnet18`, `mobilenet_v3_small`, …)."""
    return torchvision.models.list_models(module=torchvision.models)


def create_classifier(name: str, *, pretrained: Pretrained) -> ImageNetwork:
    """Build one of `list_classifiers` and take its last layer away.

    Raises:
        ModelError: If pretrained weights cannot be had.
    """
    network = torchvision.models.get_model(name, **_OPTIONS.get(name, {}))
    if pretrained is True:
        network.load_state_dict(imagenet_weights(name))
    known = known_weights(name)
    return ImageNetwork(
        network,
        width=_remove_classifier(network),
        input_size=known.transforms.keywords["crop_size"],
        smallest=min(known.meta["min_size"]),
    )


def _remove_classifier(network: nn.Module) -> int:
    """Replace the layer that gives the classes by the identity; how many inputs it had."""
    path, layer = [
        (path, layer)
        for path, layer in network.named_modules()
        if _CLASSES in (getattr(layer, "out_features", 0), getattr(layer, "out_channels", 0))
    ][-1]
    network.set_submodule(path, nn.Identity())
    return getattr(layer, "in_features", 0) or getattr(layer, "in_channels", 0)


def _register(name: str) -> None:
    def build(pretrained: Pretrained) -> ImageNetwork:
        return create_classifier(name, pretrained=pretrained)

    build.__doc__ = f"torchvision's {name} without its last layer."
    register_backbone(name)(build)


for _name in list_classifiers():
    _register(_name)
