"""Weights on disk: safetensors, written atomically, checked when read."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ..core.errors import Fault, InputError
from ..core.files import atomic_file
from .low_rank import INNER, take_low_rank
from .pruned import KEPT, take_pruned

__all__ = ["WEIGHTS_FILE", "load_weights", "own_layers", "save_tensors", "take_layers"]

WEIGHTS_FILE = "weights.safetensors"


def save_tensors(tensors: Mapping[str, Tensor], path: Path, header: dict[str, str] | None = None) -> None:
    """Write tensors, whole or not at all.

    Raises:
        InputError: If the disk is full.
    """
    with atomic_file(path) as temporary:
        try:
            save_file(dict(tensors), temporary, metadata=header)
        except SafetensorError as error:
            # The library hides the system's error number in its message.
            if "os error 28" in str(error) or "No space left" in str(error):
                raise OSError(errno.ENOSPC, "No space left on device") from error
            raise


def load_weights(model: nn.Module, path: Path, *, measured: bool = False) -> None:
    """Load weights into a model, whose own precision stays: weights kept in 16 bits are widened.

    Where the file keeps a layer's weight as two factors, the model's layer becomes one of low rank; where it
    says that layers were pruned, they become as narrow.

    Args:
        model: Whose parameters and buffers the file holds.
        path: A safetensors file.
        measured: Take the file's tensors in place of the model's own and do not look at their values, so that
            a measured load holds nothing else.

    Raises:
        InputError: If the file is missing, broken, holds NaN, or belongs to another model.
    """
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(Fault(path, f"unreadable weights ({error})", "a safetensors file")) from error
    take_low_rank(model, tensors)
    take_pruned(model, tensors)
    state = model.state_dict()
    own = {name: tuple(tensor.shape) for name, tensor in state.items()}
    for name in sorted(own.keys() | tensors.keys()):
        given = tuple(tensors[name].shape) if name in tensors else None
        if own.get(name) != given:
            raise InputError(Fault(f"{path}, {name}", f"shape {given}", f"shape {own.get(name)}"))
        if not measured and not torch.isfinite(tensors[name]).all():
            raise InputError(Fault(f"{path}, {name}", "NaN or infinite weights", "finite weights"))
    if measured:
        tensors = {name: tensor.to(state[name].dtype) for name, tensor in tensors.items()}
    model.load_state_dict(tensors, assign=measured)


def own_layers(model: nn.Module) -> dict[str, tuple[int, ...]]:
    """Shapes of a model's weights by name, if some of its layers are pruned or of low rank; else none."""
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    changed = any(name.rpartition(".")[2] in (INNER, KEPT) for name in shapes)
    return shapes if changed else {}


def take_layers(model: nn.Module, shapes: Mapping[str, Sequence[int]]) -> None:
    """Make a model's layers those that `own_layers` found in another one, with weights of 0.

    Args:
        model: As the zoo builds it.
        shapes: By name.
    """
    tensors = {name: torch.zeros(tuple(shape)) for name, shape in shapes.items()}
    take_low_rank(model, tensors)
    take_pruned(model, tensors)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
