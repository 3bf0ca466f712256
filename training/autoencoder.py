"""The convolutional autoencoder whose latent codes say which items look alike (paper, Sec. 3.3.2)."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam, Optimizer

from ..core.errors import Fault, InputError
from ..core.progress import progress_bar, tracked
from .autoencoder_options import AutoencoderOptions
from .epochs import train_by_epochs
from .history import Environment

__all__ = ["Autoencoder", "AutoencoderOptions", "latent_codes", "train_autoencoder"]

_WIDTHS = (3, 16, 32, 64, 128)
_SHRINK = 2 ** (len(_WIDTHS) - 1)
_ENCODE_BATCH = 256


class Autoencoder(nn.Module):
    """Four strided convolutions to a latent code, and four transposed ones back.

    The paper leaves the network open. This one is small, since it has only to tell what looks alike: at 32
    pixels and a code of 64 it has 0.4 million parameters.

    Args:
        image_size: Pixels of the square images, a multiple of 16.
        latent: Length of the code.

    Attributes:
        latent: Length of the code.
    """

    def __init__(self, image_size: int, latent: int) -> None:
        super().__init__()
        side = image_size // _SHRINK
        self.latent = latent
        self._map = (_WIDTHS[-1], side, side)
        down: list[nn.Module] = []
        up: list[nn.Module] = []
        for narrow, wide in pairwise(_WIDTHS):
            down += [nn.Conv2d(narrow, wide, 4, stride=2, padding=1), nn.ReLU(inplace=True)]
            up = [nn.ReLU(inplace=True), nn.ConvTranspose2d(wide, narrow, 4, stride=2, padding=1), *up]
        self.encoder = nn.Sequential(*down, nn.Flatten(), nn.Linear(math.prod(self._map), latent))
        self.decoder = nn.Sequential(nn.Linear(latent, math.prod(self._map)), nn.Unflatten(1, self._map), *up)
        for layer in self.modules():
            _start(layer)

    def forward(self, images: Tensor) -> Tensor:
        """Images in [0, 1] as the code lets them be told again: (B, 3, s, s) -> (B, 3, s, s)."""
        return self.decoder(self.encoder(images))


def _start(layer: nn.Module) -> None:
    """Weights that hand on what a layer is given at its size (He et al. 2015).

    With torch's own, ten layers leave so little of it that hundreds of steps learn the mean image only, and a
    small catalogue has no more steps than that.
    """
    match layer:
        case nn.Conv2d() | nn.Linear():
            fan_in = layer.weight[0].numel()
        case nn.ConvTranspose2d():
            fan_in = layer.in_channels * 2 * 2  # a stride of 2 leaves a pixel 2 × 2 of the kernel's 4 × 4
        case _:
            return
    nn.init.normal_(layer.weight, std=math.sqrt(2 / fan_in))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def train_autoencoder(
    images: NDArray[np.uint8],
    ids: NDArray[np.integer],
    options: AutoencoderOptions,
    seed: int,
    folder: Path,
    environment: Environment,
    label: str = "autoencoder",
) -> tuple[Autoencoder, list[float]]:
    """Train an autoencoder by the mean squared error of its images, from the last whole epoch on.

    The order of an epoch's images follows from the seed and its number, so that a training that was killed
    ends where it would have ended, on the CPU bit for bit. `folder` then still holds the last state, in
    `PROGRESS_FILE`; whoever has written the result down removes it (`checkpoint.Checkpoint.clear`).

    Args:
        images: uint8 (num_items, s, s, 3), as `Dataset.image_array` gives them; s is the options' image size.
        ids: Which of them are learnt from (n,).
        options: How.
        seed: Of the initial weights and of the order of the images.
        folder: Where the state is kept between epochs.
        environment: What is computed in, entered already by `environment.enter_environment`; always in fp32.
            The layers are so small that one thread is best: 0.5 ms an image, and two lose more by waiting.
        label: What to call it.

    Returns:
        The autoencoder after the last epoch, in evaluation mode, and the mean loss of every epoch.

    Raises:
        InputError: If the images do not fit the options, there are none to learn from, or the disk is full.
        TrainingError: If the loss stops being finite.
    """
    _check(images, ids, options.image_size)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Autoencoder(options.image_size, options.latent)
    model = model.to(environment.device)
    optimizer = Adam(model.parameters(), lr=options.learning_rate)
    task = json.dumps({**options.model_dump(exclude={"count"}), "seed": seed, "images": len(ids)})

    def run_epoch(epoch: int, name: str) -> float:
        order = np.random.default_rng([seed, epoch]).permutation(ids)
        return _run_epoch(model, optimizer, images, order, options.batch_size, name)

    losses = train_by_epochs(
        model,
        optimizer,
        run_epoch,
        epochs=options.epochs,
        task=task,
        folder=folder,
        environment=environment,
        label=label,
        rate=f"neighbours.learning_rate ({options.learning_rate})",
    )
    return model.eval(), losses


@torch.inference_mode()
def latent_codes(
    model: Autoencoder, images: NDArray[np.uint8], ids: NDArray[np.integer]
) -> NDArray[np.float32]:
    """Codes of some items.

    Args:
        model: Trained.
        images: uint8 (num_items, s, s, 3).
        ids: Global ids (n,).

    Returns:
        float32 (n, latent).
    """
    device = next(model.parameters()).device
    codes = np.empty((len(ids), model.latent), dtype=np.float32)
    for start in tracked(range(0, len(ids), _ENCODE_BATCH), "Encoding items"):
        rows = slice(start, start + _ENCODE_BATCH)
        codes[rows] = model.encoder(_pixels(images[ids[rows]], device)).cpu().numpy()
    return codes


def _run_epoch(
    model: Autoencoder,
    optimizer: Optimizer,
    images: NDArray[np.uint8],
    order: NDArray[np.integer],
    batch_size: int,
    name: str,
) -> float:
    """One pass over the images; the mean loss of an image."""
    model.train()
    device = next(model.parameters()).device
    total = torch.zeros((), dtype=torch.float64, device=device)
    with progress_bar() as progress:
        task = progress.add_task(name, total=len(order))
        for start in range(0, len(order), batch_size):
            pixels = _pixels(images[order[start : start + batch_size]], device)
            loss = functional.mse_loss(model(pixels), pixels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach().double() * len(pixels)
            progress.advance(task, len(pixels))
    return float(total) / len(order)


def _pixels(images: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Bytes (B, s, s, 3) as float32 (B, 3, s, s) in [0, 1]."""
    return torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float().div_(255)


def _check(images: NDArray[np.uint8], ids: NDArray[np.integer], size: int) -> None:
    if images.ndim != 4 or images.shape[1:] != (size, size, 3) or images.dtype != np.uint8:
        found = f"{images.dtype} of shape {images.shape}"
        raise InputError(Fault("images", found, f"uint8 (items, {size}, {size}, 3)"))
    if not len(ids):
        raise InputError(Fault("ids", "none", "at least one image to learn from"))
