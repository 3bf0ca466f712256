"""timm's networks as backbones, and the one line where timm is missing."""

from __future__ import annotations

import sys

import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.models import ModelError, ModelOptions, backbone_entry, create_model
from outfitbench.models.backbones import create_backbone


def backbone(name: str, **options):
    return create_backbone(ModelOptions(num_users=1, backbone=name, **options), name).eval()


@pytest.mark.parametrize("name", ["timm-resnet10t", "timm:resnet10t"])
def test_without_timm_one_line_says_what_to_install(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(InputError) as caught:
        create_model("student-xs", num_users=2, backbone=name)
    assert str(caught.value) == (
        f"argument backbone: found {name!r} and no package timm, expected timm to be installed; "
        "pip install 'outfitbench[timm]'"
    )


@pytest.mark.parametrize(
    ("name", "width", "size"),
    [("resnet10t", 512, 64), ("mobilenetv3_small_050", 1024, 64), ("vit_tiny_patch16_224", 192, 224)],
)
def test_timms_networks_lose_their_last_layer(name, width, size):
    pytest.importorskip("timm")
    network = backbone(f"timm:{name}")
    assert (network.name, network.width) == (f"timm-{name}", width)
    with torch.inference_mode():
        assert network(torch.rand(2, 3, size, size)).shape == (2, width)


def test_an_unknown_network_is_answered_with_the_nearest():
    pytest.importorskip("timm")
    with pytest.raises(InputError, match=r"^a\.toml: found 'resnet10x', .*nearest: resnet10t"):
        backbone_entry("timm-resnet10x", "a.toml")


def test_images_are_normalised_as_the_network_wants():
    pytest.importorskip("timm")
    network = backbone("timm-vit_tiny_patch16_224")  # its mean and deviation are 0.5
    seen = []
    network.network.register_forward_pre_hook(lambda layer, inputs: seen.append(inputs[0]))
    with torch.inference_mode():
        network(torch.ones(1, 3, 224, 224))
    torch.testing.assert_close(seen[0], torch.ones(1, 3, 224, 224))


def test_weights_that_cannot_be_had_are_one_line(monkeypatch):
    timm = pytest.importorskip("timm")

    def refuse(*args, **kwargs):
        raise OSError("no network\nat all")

    monkeypatch.setattr(timm, "create_model", refuse)
    with pytest.raises(ModelError, match=r"no usable weights of timm's resnet10t \(no network\)") as caught:
        backbone("timm-resnet10t", pretrained=True)
    assert "\n" not in str(caught.value)
