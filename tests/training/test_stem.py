"""A stem: what its convolutions learn, from which items, and that a training that was killed goes on."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.datasets import Dataset, load_dataset
from outfitbench.models.backbones import ImageBackbone, create_backbone
from outfitbench.models.options import ModelOptions
from outfitbench.training import stem
from outfitbench.training.checkpoint import PROGRESS_FILE
from outfitbench.training.history import Environment
from outfitbench.training.stem import train_stem
from outfitbench.training.stem_options import StemOptions

CPU = Environment(device="cpu", precision="fp32", threads=1)
SIZE = 32


@pytest.fixture
def dataset() -> Dataset:
    return load_dataset("closet-12")


@pytest.fixture
def targets(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """In place of lite0's features the mean colours of sixteen fields, and one that is constant."""
    pixels = dataset.images(np.arange(dataset.num_items), SIZE).reshape(dataset.num_items, SIZE, SIZE, 3)
    coarse = pixels.reshape(-1, 4, SIZE // 4, 4, SIZE // 4, 3).mean((2, 4)).reshape(len(pixels), -1)
    vectors = np.column_stack([coarse / 255, np.full(len(pixels), 7.0)]).astype(np.float32)
    monkeypatch.setattr(stem, "pretrained_vectors", lambda name, dataset, size: vectors)
    return vectors


def convolutions() -> ImageBackbone:
    torch.manual_seed(0)
    backbone = create_backbone(ModelOptions(num_users=1), "alexnet-small")
    assert isinstance(backbone, ImageBackbone)
    return backbone.cut(64)[0]


def trained(dataset: Dataset, folder: Path, epochs: int = 3) -> tuple[ImageBackbone, list[float]]:
    network = convolutions()
    options = StemOptions(epochs=epochs, learning_rate=5e-4)
    return network, train_stem(network, dataset, 64, options, 0, folder, CPU)


def test_it_tells_more_than_the_mean_after_a_few_epochs(
    dataset: Dataset, targets: np.ndarray, tmp_path: Path
) -> None:
    network, losses = trained(dataset, tmp_path)
    assert len(losses) == 3
    assert losses[-1] < 0.85 < losses[0]
    before, after = (net.network[0][0].weight for net in (convolutions(), network))
    assert not torch.equal(before, after)


def test_a_training_that_was_killed_ends_where_it_would_have_ended(
    dataset: Dataset, targets: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, losses = trained(dataset, tmp_path / "whole", epochs=2)
    steps, loss = [], stem._loss

    def killed(*args: object) -> torch.Tensor:
        steps.append(1)
        if len(steps) > 9:  # in the second epoch
            raise KeyboardInterrupt
        return loss(*args)

    with monkeypatch.context() as patch:
        patch.setattr(stem, "_loss", killed)
        with pytest.raises(KeyboardInterrupt):
            trained(dataset, tmp_path / "killed", epochs=2)
    assert (tmp_path / "killed" / PROGRESS_FILE).exists()
    resumed, again = trained(dataset, tmp_path / "killed", epochs=2)
    assert again == losses
    for name, weights in whole.state_dict().items():
        assert torch.equal(weights, resumed.state_dict()[name]), name


def test_what_is_no_training_item_has_no_say(dataset: Dataset, targets: np.ndarray, tmp_path: Path) -> None:
    _, losses = trained(dataset, tmp_path / "one", epochs=1)
    unseen = np.setdiff1d(np.arange(dataset.num_items), dataset.split("train").distinct_items)
    assert len(unseen)
    targets[unseen] = 1e3
    assert trained(dataset, tmp_path / "two", epochs=1)[1] == losses


def test_items_without_images_are_refused(dataset: Dataset, targets: np.ndarray, tmp_path: Path) -> None:
    blind = dataclasses.replace(dataset, pictures=None)
    with pytest.raises(InputError, match="items without images"):
        trained(blind, tmp_path)
