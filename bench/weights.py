"""Weights as safetensors."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ..datasets.errors import Fault, InputError
from ..models.errors import ModelError

__all__ = ["fill_weights", "save_weights"]


def save_weights(model: nn.Module, path: Path) -> Path:
    """Write a model's parameters and persistent buffers; tensors that share memory are written apart."""
    save_file(
        {name: tensor.detach().clone().contiguous() for name, tensor in model.state_dict().items()}, path
    )
    return path


def fill_weights(model: nn.Module, path: Path) -> None:
    """Give a model the weights of a file, in place of its own tensors.

    Raises:
        InputError: If the file is missing or no safetensors file.
        ModelError: If its tensors do not fit the model.
    """
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(Fault(path, f"no readable weights ({error})", "a safetensors file")) from error
    try:
        model.load_state_dict(tensors, assign=True)
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise ModelError(
            f"{path}: found weights that do not fit ({first}), expected the model's own"
        ) from error
