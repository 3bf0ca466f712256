"""A stem: an image network's convolutions, pretrained by regressing another network's features.

All networks of the paper start from AlexNet's ImageNet weights, which cannot be had offline. One network that
has seen ImageNet can, EfficientNet-lite0: a stem hands on what it sees. All AlexNets have the same
convolutions, so one stem of an image size serves the teacher and its students.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..core.progress import progress_bar
from ..datasets import Dataset
from ..evaluation.frozen import pretrained_vectors
from ..evaluation.item_inputs import ItemInputs, as_float
from ..models.backbones import ImageBackbone
from .epochs import train_by_epochs
from .history import Environment
from .image_augmentation import flip_and_shift
from .method import Recipe
from .optimizer import create_optimizer
from .schedule import learning_rate
from .stem_options import StemOptions

__all__ = ["train_stem"]

_WARMUP = 0.1


class _Regression(nn.Module):
    """Convolutions and a linear map on their map, flattened; the linear map is thrown away.

    Over the flattened map rather than its mean: as under AlexNet's own classifier, each position may tell
    something else.
    """

    def __init__(self, convolutions: ImageBackbone, width: int) -> None:
        super().__init__()
        self.convolutions = convolutions
        self.linear = nn.Linear(convolutions.width, width)

    def forward(self, images: Tensor) -> Tensor:
        return self.linear(self.convolutions(images))


def train_stem(
    convolutions: ImageBackbone,
    dataset: Dataset,
    image_size: int,
    options: StemOptions,
    seed: int,
    folder: Path,
    environment: Environment,
    label: str = "stem",
) -> list[float]:
    """Train convolutions to give, under a linear map, the features of `options.target`; in place.

    Only training items are learnt from. Each feature is brought to mean 0 and deviation 1 over them; the loss
    is the mean squared error, so that 1 is what the mean alone would give. Images are seen mirrored or not
    and shifted a little, their features are those of the image as it is.

    Args:
        convolutions: Images to flattened maps, freshly initialised, on its device (`ImageBackbone.cut`).
        dataset: Whose training items are seen.
        image_size: H = W in pixels of the images that the convolutions see.
        options: How.
        seed: Of the linear map's initial weights, the order of the images and how each is seen.
        folder: Where the state is kept between epochs; see `train_by_epochs`.
        environment: What is computed in; entered already.
        label: What to call it.

    Returns:
        The mean loss of every epoch.

    Raises:
        InputError: If the items have no images, the target's weights are not installed, or the disk is full.
        ModelError: If the target's weights cannot be had.
        TrainingError: If the loss stops being finite.
    """
    ids = dataset.split("train").distinct_items
    inputs = ItemInputs(dataset, image_size, "images")
    targets = _standardised(pretrained_vectors(options.target, dataset, options.target_size), ids)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = _Regression(convolutions, targets.shape[1]).to(environment.device)
    recipe = Recipe(
        epochs=options.epochs,
        batch_size=options.batch_size,
        optimizer="adam",
        learning_rate=options.learning_rate,
        weight_decay=options.weight_decay,
        warmup=_WARMUP,
    )
    optimizer = create_optimizer(recipe, model)
    steps = max(len(ids) // recipe.batch_size, 1)

    def run_epoch(epoch: int, name: str) -> float:
        order = np.random.default_rng([seed, epoch]).permutation(ids)
        generator = np.random.default_rng([seed, epoch, 1])
        total = torch.zeros((), dtype=torch.float64, device=environment.device)
        model.train()
        with progress_bar() as progress:
            bar = progress.add_task(name, total=steps)
            for step, rows in enumerate(np.array_split(order, steps)):
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate(recipe, (epoch - 1) * steps + step, steps, [])
                images, _ = inputs(rows, lambda seen: flip_and_shift(seen, generator))
                loss = _loss(model, images, targets[rows], environment)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.detach().double() * len(rows)
                progress.advance(bar)
        return float(total) / len(ids)

    task = {**options.model_dump(), "image_size": image_size, "seed": seed, "data": dataset.fingerprint}
    return train_by_epochs(
        model,
        optimizer,
        run_epoch,
        epochs=options.epochs,
        task=json.dumps(task),
        folder=folder,
        environment=environment,
        label=label,
        rate=f"stem_fit.learning_rate ({options.learning_rate})",
    )


def _loss(model: nn.Module, images: Tensor, targets: NDArray[np.float32], where: Environment) -> Tensor:
    with torch.autocast(where.device, torch.bfloat16, enabled=where.precision == "bf16"):
        found = model(as_float(images.to(where.device)))
    return functional.mse_loss(found.float(), torch.from_numpy(targets).to(where.device))


def _standardised(vectors: NDArray[np.float32], ids: NDArray[np.integer]) -> NDArray[np.float32]:
    """Each component with mean 0 and deviation 1 over some items; one that hardly varies stays near 0."""
    deviation = vectors[ids].std(0)
    least = 1e-3 * max(float(deviation.max()), np.finfo(np.float32).tiny)
    return (vectors - vectors[ids].mean(0)) / np.maximum(deviation, least)
