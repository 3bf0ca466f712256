"""Layers that have lost outputs, and those that follow them, which have lost the inputs."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

__all__ = ["KEPT", "take_pruned"]

KEPT = "kept"
"""Name of the numbers, int64, of the outputs that a layer has kept, beside its weight."""


def take_pruned(model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Make a model's layers as narrow as those that a file's weights are of, where the file says some are.

    Args:
        model: Its convolutions and fully connected layers lose the outputs and inputs that the file lacks.
        tensors: By name, of the whole model; a layer at the path `p` was pruned where there is `p.kept`.
    """
    kept = {
        name.removesuffix(f".{KEPT}"): which for name, which in tensors.items() if name.endswith(f".{KEPT}")
    }
    if not kept:
        return
    for path, layer in list(model.named_modules()):
        if isinstance(layer, nn.Conv2d | nn.Linear) and f"{path}.weight" in tensors:
            _narrow(layer, tensors[f"{path}.weight"])
        if path in kept:
            layer.register_buffer(KEPT, kept[path])


def _narrow(layer: nn.Conv2d | nn.Linear, weight: Tensor) -> None:
    """Give a layer room for a weight of fewer outputs or inputs; any other is left to who loads it."""
    own = layer.weight
    if own.ndim != weight.ndim or own.shape == weight.shape or own.shape[2:] != weight.shape[2:]:
        return
    if any(given > there for given, there in zip(weight.shape, own.shape, strict=True)):
        return
    outputs, inputs = weight.shape[:2]
    layer.weight = nn.Parameter(own.new_empty(weight.shape))
    if layer.bias is not None:
        layer.bias = nn.Parameter(own.new_empty(outputs))
    if isinstance(layer, nn.Conv2d):
        layer.out_channels, layer.in_channels = outputs, inputs * layer.groups
    else:
        layer.out_features, layer.in_features = outputs, inputs
