"""A frozen backbone: encoded once, kept on disk, and the model whole again when it is shipped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.core.plugins import load_plugin
from outfitbench.datasets import Dataset, load_dataset
from outfitbench.evaluation.frozen import freeze_backbone, frozen_vectors
from outfitbench.evaluation.item_inputs import ItemInputs, as_float
from outfitbench.evaluation.scoring import score_candidates
from outfitbench.models import create_model
from outfitbench.models.backbones import BACKBONES, create_backbone
from outfitbench.models.options import ModelOptions
from outfitbench.models.outfit_model import OutfitModel


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Drawn once for the session; what is derived of it lies in a folder of this file's."""
    return replace(load_dataset("closet-12"), cache=tmp_path_factory.mktemp("derived"))


def network(dataset: Dataset, seed: int = 0) -> OutfitModel:
    torch.manual_seed(seed)
    return create_model("student-xs", num_users=dataset.num_users).eval()


def test_the_vectors_are_what_the_backbone_makes_of_each_item(dataset: Dataset) -> None:
    model, inputs = network(dataset), ItemInputs(dataset, 64)
    backbone = model.backbone
    frozen = freeze_backbone(model, dataset, inputs)
    ids = np.array([7, 0, 30])
    with torch.no_grad():
        expected = backbone(as_float(inputs(ids)[0]))
    torch.testing.assert_close(frozen.inputs(ids)[0], expected, rtol=1e-4, atol=1e-5)
    assert (frozen.inputs.kind, frozen.inputs.size) == ("features", 256)
    assert not any(name.startswith("backbone") for name, _ in frozen.model.named_parameters())


def test_a_frozen_model_ranks_as_the_whole_one(dataset: Dataset) -> None:
    candidates = dataset.candidates("valid-teacher", "random")
    whole = score_candidates(network(dataset), dataset, ItemInputs(dataset, 64), candidates)
    frozen = freeze_backbone(network(dataset), dataset, ItemInputs(dataset, 64))
    found = score_candidates(frozen.model, dataset, frozen.inputs, candidates)
    np.testing.assert_allclose(found, whole, atol=1e-5)
    again = score_candidates(frozen.whole(), dataset, ItemInputs(dataset, 64), candidates)
    np.testing.assert_allclose(again, whole, atol=1e-6)


def test_it_is_encoded_once_and_anew_where_the_file_is_broken(dataset: Dataset, cache: Path) -> None:
    dataset = replace(dataset, cache=cache)
    freeze_backbone(network(dataset), dataset, ItemInputs(dataset, 64))
    (path,) = (dataset.cache / "frozen").glob("*.npy")
    whole, written = path.read_bytes(), path.stat().st_mtime_ns
    freeze_backbone(network(dataset), dataset, ItemInputs(dataset, 64))
    assert path.stat().st_mtime_ns == written
    path.write_bytes(whole[:-4])
    freeze_backbone(network(dataset), dataset, ItemInputs(dataset, 64))
    assert path.read_bytes() == whole
    path.write_bytes(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
    freeze_backbone(network(dataset), dataset, ItemInputs(dataset, 64))
    assert path.read_bytes() == whole, "one bit is noticed"
    freeze_backbone(network(dataset, seed=1), dataset, ItemInputs(dataset, 64))
    assert len(list((dataset.cache / "frozen").glob("*.npy"))) == 2, "other weights, other vectors"


def test_a_model_without_a_backbone_is_refused(dataset: Dataset) -> None:
    model = network(dataset)
    del model.backbone
    with pytest.raises(InputError, match="without a backbone"):
        freeze_backbone(model, dataset, ItemInputs(dataset, 64))


SHADES = """
from outfitbench.models.backbones import ImageNetwork, register_backbone
from torch import nn


class Mean(nn.Module):
    def forward(self, images):
        return FACTOR * images.mean((2, 3))


@register_backbone("shades")
def shades(pretrained):
    return ImageNetwork(Mean(), width=3, input_size=16, smallest=1)
"""


@pytest.mark.usefixtures("own_registry")
def test_a_backbone_whose_file_changed_encodes_anew(dataset: Dataset, tmp_path: Path) -> None:
    inputs, found = ItemInputs(dataset, 16), []
    for factor in (1, 2):
        plugin = tmp_path / f"{factor}.py"
        plugin.write_text(SHADES.replace("FACTOR", str(factor)))
        BACKBONES._entries.pop("shades", None)  # as a process that has not loaded the first one
        load_plugin(plugin)
        network = create_backbone(ModelOptions(num_users=1), "shades")
        found.append(np.array(frozen_vectors(network, dataset, inputs)))
    np.testing.assert_allclose(found[1], 2 * found[0], rtol=1e-5)
