"""ImageNet weights through torchvision, fetched on first use."""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING

import rich
import torch
from torch import Tensor

from ..errors import ModelError

if TYPE_CHECKING:
    from torchvision.models import WeightsEnum

__all__ = ["imagenet_weights", "known_weights", "weights_file"]


def known_weights(name: str) -> WeightsEnum:
    """Default weights of a torchvision model and what is known of them; nothing is fetched."""
    from torchvision.models import get_model_weights

    return get_model_weights(name).DEFAULT  # type: ignore[attr-defined]


def weights_file(name: str) -> Path:
    """Where the weights of a torchvision model lie in torch's hub folder, once they were fetched."""
    return Path(torch.hub.get_dir(), "checkpoints", known_weights(name).url.rpartition("/")[2])


def imagenet_weights(name: str) -> dict[str, Tensor]:
    """Weights of a torchvision classifier, from torch's hub folder, or at first from the network.

    Tensors alone are read from the file; nothing else is unpickled.

    Raises:
        ModelError: If they can be neither fetched nor read.
    """
    weights, file = known_weights(name), weights_file(name)
    try:
        if not file.exists():
            _fetch(weights, file)
        return torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, UnpicklingError) as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(
            f"argument pretrained: found no usable ImageNet weights of {name} ({reason}), expected a network "
            f"that reaches {weights.url} or that file as {file}; or set pretrained = false"
        ) from error


def _fetch(weights: WeightsEnum, file: Path) -> None:
    """Download a file whose name ends in the first digits of its hash, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    digits = file.stem.rpartition("-")[2]
    with rich.get_console().status(f"fetching {file.name} ({weights.meta['_file_size']:.0f} MB)"):
        torch.hub.download_url_to_file(weights.url, str(file), hash_prefix=digits, progress=False)
