"""ImageNet weights: taken where they fit, one clear line where they cannot be had."""

from __future__ import annotations

import urllib.error

import pytest
import torch
import torchvision
from outfitbench.models import ModelError, create_model


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty hub folder, and no network."""

    def refuse(*args, **kwargs):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    return folder


@pytest.fixture
def alexnet(hub):
    """torchvision's AlexNet, whose (random) weights lie where its ImageNet weights are looked for."""
    original = torchvision.models.alexnet()
    torch.save(original.state_dict(), hub / "alexnet-owt-7be5be79.pth")
    return original


def test_without_a_network_one_line_says_what_to_do(hub):
    with pytest.raises(ModelError) as caught:
        create_model("student-xs", num_users=2, pretrained=True)
    message = str(caught.value)
    assert "\n" not in message
    for part in ("pretrained", "alexnet", "no network", str(hub), "pretrained = false"):
        assert part in message


def test_a_broken_file_is_refused_not_run(hub):
    (hub / "alexnet-owt-7be5be79.pth").write_bytes(b"cposix\nsystem\n(S'exit 1'\ntR.")
    with pytest.raises(ModelError, match="no usable ImageNet weights of alexnet"):
        create_model("student-xs", num_users=2, pretrained=True)


@pytest.mark.parametrize("name", ["student-xs", "student-s"])
def test_students_take_the_convolutions_alone(name, alexnet):
    model = create_model(name, num_users=2, pretrained=True)
    convolutions = model.backbone.network[0].state_dict()
    torch.testing.assert_close(convolutions, alexnet.features.state_dict())
    dropouts = [layer.p for layer in model.modules() if isinstance(layer, torch.nn.Dropout)]
    assert dropouts == ([] if name == "student-xs" else [0.5, 0.5])


def test_the_teacher_takes_the_connected_layers_too(alexnet):
    model = create_model("teacher", num_users=2, pretrained=True)
    mine = list(model.backbone.parameters())
    theirs = list(alexnet.parameters())[:-2]
    for own, original in zip(mine, theirs, strict=True):
        assert torch.equal(own, original)


def test_a_torchvision_backbone_takes_its_own(hub):
    original = torchvision.models.squeezenet1_1()
    torch.save(original.state_dict(), hub / "squeezenet1_1-b8a52dc0.pth")
    model = create_model("student-xs", num_users=2, backbone="squeezenet1_1", pretrained=True)
    torch.testing.assert_close(model.backbone.network.features.state_dict(), original.features.state_dict())
