"""A method's network: built as the method says, also where it starts from the weights of another fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from outfitbench.core.errors import InputError
from outfitbench.datasets import Dataset, load_dataset
from outfitbench.models import ModelError, OutfitModel, create_model
from outfitbench.models.weights import save_tensors
from outfitbench.training.method import Method
from outfitbench.training.network import bare_model, fresh_network, trained_network

from ..datasets.wardrobes import wardrobe


@pytest.fixture
def dataset() -> Dataset:
    return load_dataset("closet-12")


@pytest.fixture
def imagenet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> torch.nn.Module:
    """An AlexNet whose (random) weights lie where its ImageNet weights are looked for."""
    original = torchvision.models.alexnet()
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    torch.save(original.state_dict(), tmp_path / "checkpoints" / "alexnet-owt-7be5be79.pth")
    return original


def weights(path: Path, dataset: Dataset, **options: str) -> dict[str, torch.Tensor]:
    """Those of a fit of a student S that was not pretrained."""
    tensors = create_model("student-s", num_users=dataset.num_users, **options).state_dict()
    save_tensors(tensors, path)
    return tensors


def dropouts(model: OutfitModel) -> list[float]:
    return [layer.p for layer in model.modules() if isinstance(layer, torch.nn.Dropout)]


@pytest.mark.parametrize(("pretrained", "dropout"), [(True, 0.5), (False, 0.0)])
@pytest.mark.usefixtures("imagenet")
def test_one_that_starts_from_a_fit_has_its_weights_and_the_dropout_of_its_own_method(
    tmp_path: Path, dataset: Dataset, pretrained: bool, dropout: float
) -> None:
    given = weights(tmp_path / "fit.safetensors", dataset)
    method = Method(name="S", model="student-s", objective="n-pair", start="other", pretrained=pretrained)
    model = fresh_network(method, dataset, 0, "cpu", tmp_path / "fit.safetensors").model
    assert dropouts(model) == [dropout, dropout]
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, given[name]), name


def test_what_no_weight_of_the_fit_fits_starts_as_the_method_says(
    tmp_path: Path, dataset: Dataset, imagenet: torchvision.models.AlexNet
) -> None:
    given = weights(tmp_path / "fit.safetensors", dataset, backbone="mobilenet_v3_small")
    method = Method(name="S", model="student-s", objective="n-pair", start="other", pretrained=True)
    model = fresh_network(method, dataset, 0, "cpu", tmp_path / "fit.safetensors").model
    assert torch.equal(model.get_parameter("users.weight"), given["users.weight"])
    first = model.get_parameter("backbone.network.0.0.weight")
    torch.testing.assert_close(first, imagenet.features[0].weight)


def test_imagenet_weights_that_the_fits_would_overwrite_are_not_asked_for(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no file of them, and no network."""
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", _no_network)
    given = weights(tmp_path / "fit.safetensors", dataset)
    method = Method(name="S", model="student-s", objective="n-pair", start="other", pretrained=True)
    network = fresh_network(method, dataset, 0, "cpu", tmp_path / "fit.safetensors")
    assert dropouts(network.model) == [0.5, 0.5]
    for name, tensor in network.model.state_dict().items():
        assert torch.equal(tensor, given[name]), name
    assert sum(network.taken_over.values()) == sum(tensor.numel() for tensor in given.values())
    weights(tmp_path / "other.safetensors", dataset, backbone="mobilenet_v3_small")
    with pytest.raises(ModelError, match="found no usable ImageNet weights of alexnet"):
        fresh_network(method, dataset, 0, "cpu", tmp_path / "other.safetensors")


def _no_network(*arguments: object, **named: object) -> None:
    raise OSError("no network")


def test_a_stray_bias_of_the_same_name_and_length_is_nothing_to_start_from(
    tmp_path: Path, dataset: Dataset
) -> None:
    """The head's second bias fits, whatever the width of its backbone; no whole part does."""
    own = create_model("student-xs", num_users=dataset.num_users).state_dict()
    save_tensors({"head.2.bias": own["head.2.bias"]}, tmp_path / "fit.safetensors")
    method = Method(name="XS", model="student-xs", objective="n-pair", start="other")
    with pytest.raises(InputError, match="weights of which none fits"):
        fresh_network(method, dataset, 0, "cpu", tmp_path / "fit.safetensors")


def test_a_network_knows_the_categories_of_its_dataset(tmp_path: Path) -> None:
    many = wardrobe(tmp_path, categories=("top", "bottom", "shoe", "bag", "hat"))
    model = bare_model(Method(name="FHN", model="fhn", objective="n-pair"), many)
    assert len(model.head.get_submodule("encoders")) == 5


def test_weights_of_which_none_fits_are_refused(tmp_path: Path, dataset: Dataset) -> None:
    save_tensors({"elsewhere": torch.zeros(2)}, tmp_path / "fit.safetensors")
    method = Method(name="S", model="student-s", objective="n-pair", start="other")
    with pytest.raises(InputError, match="weights of which none fits"):
        fresh_network(method, dataset, 0, "cpu", tmp_path / "fit.safetensors")


@pytest.mark.parametrize("freeze", [False, True])
def test_a_trained_network_sees_the_items_of_other_users(tmp_path: Path, freeze: bool) -> None:
    """A frozen backbone's vectors are of the items that it is to see, by the weights it was shipped with."""
    dataset = load_dataset("closet-12")
    large = replace(dataset, num_users=99, item_category=dataset.item_category[:5], fingerprint="0" * 16)
    method = Method(name="XS", model="student-xs", objective="n-pair", freeze=freeze)
    whole = create_model("student-xs", num_users=99).eval()
    save_tensors(whole.state_dict(), tmp_path / "weights.safetensors")
    network = trained_network(method, large, tmp_path / "weights.safetensors", "cpu", items_of=dataset)
    assert network.model.num_users == 99
    ids = np.array([7, dataset.num_items - 1])
    images = torch.from_numpy(dataset.images(ids)).permute(0, 3, 1, 2) / 255
    inputs, categories = network.inputs(ids)
    with torch.inference_mode():
        seen = inputs if freeze else inputs / 255
        torch.testing.assert_close(
            network.model.encode_items(seen, categories),
            whole.encode_items(images, categories),
            atol=1e-5,
            rtol=1e-4,
        )
