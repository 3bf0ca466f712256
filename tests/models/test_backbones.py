"""Backbones: the paper's AlexNets, torchvision's classifiers, feature vectors."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
import torchvision
from outfitbench.core.errors import InputError
from outfitbench.models import ModelError, ModelOptions
from outfitbench.models.backbones import create_backbone, list_backbones
from outfitbench.models.backbones.backbone import IMAGENET_MEAN, IMAGENET_STD
from torch import nn


def backbone(name: str, **options):
    return create_backbone(ModelOptions(num_users=1, backbone=name, **options), name).eval()


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("name", "width", "connected"),
    [("alexnet-small", 256, 0), ("alexnet-s", 1024, 1024), ("alexnet-m", 2048, 2048)],
)
def test_alexnets_are_as_large_as_the_paper_says(name, width, connected):
    network = backbone(name)
    assert network.width == width
    assert count(network) == 2_469_696 + (9217 * connected + (connected + 1) * connected)


def test_alexnet_large_is_torchvisions_alexnet_without_its_last_layer():
    original = torchvision.models.alexnet().eval()
    mine = backbone("alexnet-large")
    parameters = list(original.parameters())[:-2]
    with torch.no_grad():
        for own, theirs in zip(mine.parameters(), parameters, strict=True):
            own.copy_(theirs)
        images = torch.rand(2, 3, 70, 80)
        normal = torchvision.transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD)(images)
        original.classifier[-1] = nn.Identity()
        torch.testing.assert_close(mine(images), original(normal))


def test_alexnets_take_images_of_torchvisions_sizes():
    known = torchvision.models.AlexNet_Weights.DEFAULT
    network = backbone("alexnet-small")
    assert network.input_size == known.transforms.keywords["crop_size"]
    assert network.smallest == min(known.meta["min_size"])


def test_alexnets_do_without_torchvision():
    """Which takes as long to import as torch, in every command and process that makes a model."""
    program = (
        "import sys; from outfitbench.models import create_model; create_model('teacher', num_users=2);"
        "sys.exit('torchvision' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_small_alexnet_averages_over_positions():
    network = backbone("alexnet-small")
    images = torch.rand(1, 3, 128, 128)
    with torch.inference_mode():
        normal = torchvision.transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD)(images)
        last_map = network.network[0](normal)
        assert last_map.shape[1:] == (256, 3, 3)
        torch.testing.assert_close(network(images), last_map.mean(dim=(2, 3)))


@pytest.mark.parametrize(
    ("name", "width"),
    [("resnet18", 512), ("mobilenet_v3_small", 1024), ("squeezenet1_1", 512), ("shufflenet_v2_x0_5", 1024)],
)
def test_torchvisions_classifiers_lose_their_last_layer(name, width):
    network = backbone(name)
    assert network.width == width
    with torch.inference_mode():
        assert network(torch.rand(2, 3, 64, 64)).shape == (2, width)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    # One of each family, and both with auxiliary classifiers.
    [
        *(
            "alexnet",
            "convnext_tiny",
            "densenet121",
            "efficientnet_b0",
            "googlenet",
            "inception_v3",
            "maxvit_t",
        ),
        *("mnasnet0_5", "regnet_x_400mf", "resnext50_32x4d", "swin_t", "swin_v2_t", "vgg11", "vit_b_32"),
    ],
)
def test_every_family_of_torchvision_is_a_backbone(name):
    network = backbone(name).train()
    network.eval()
    size = network.input_size
    with torch.inference_mode():
        assert network(torch.rand(1, 3, size, size)).shape == (1, network.width)


def test_every_torchvision_classifier_is_listed():
    known = torchvision.models.list_models(module=torchvision.models)
    assert set(known) < set(list_backbones())


def test_an_unknown_backbone_is_answered_with_the_nearest():
    with pytest.raises(
        InputError, match="argument backbone: found 'resnet-18', expected a backbone; nearest: resnet18"
    ):
        backbone("resnet-18")


def test_alexnet_takes_63_pixels_and_says_so_below():
    network = backbone("alexnet-small")
    with torch.inference_mode():
        assert network(torch.rand(1, 3, 63, 63)).shape == (1, 256)
        with pytest.raises(ModelError, match="found images of 63×62 pixels, expected at least 63×63"):
            network(torch.rand(1, 3, 63, 62))


def test_a_network_of_one_size_says_so():
    network = backbone("vit_b_32")
    with pytest.raises(ModelError, match="found images of 256×256 pixels, expected 224×224, the only size"):
        network(torch.rand(1, 3, 256, 256))


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 64, 64, 3), (1, 1, 64, 64)])
def test_tensors_that_are_no_images_are_refused(shape):
    with pytest.raises(ModelError, match=r"expected images \(n, 3, H, W\)"):
        backbone("alexnet-small")(torch.rand(shape))


def over_features(default: str, size: int = 7):
    return create_backbone(ModelOptions(num_users=1, input_kind="features", feature_size=size), default)


def test_feature_vectors_pass_as_they_are_where_the_alexnet_has_no_connected_layers():
    network, features = over_features("alexnet-small"), torch.rand(4, 7)
    assert torch.equal(network(features), features)
    assert (count(network), network.width, network.input_size) == (0, 7, 7)
    with pytest.raises(ModelError, match=r"found a tensor \[4, 6\], expected features \(n, 7\)"):
        network(features[:, :6])


@pytest.mark.parametrize(
    ("name", "width"), [("alexnet-large", 4096), ("alexnet-m", 2048), ("alexnet-s", 1024)]
)
def test_feature_vectors_go_through_connected_layers_of_the_alexnets_width(name, width):
    network, features = over_features(name), torch.randn(4, 7)
    assert (network.width, network.input_size) == (width, 7)
    first, second = (layer for layer in network.modules() if isinstance(layer, nn.Linear))
    assert (first.weight.shape, second.weight.shape) == ((width, 7), (width, width))
    with torch.inference_mode():
        expected = (features @ first.weight.T + first.bias).relu() @ second.weight.T + second.bias
        torch.testing.assert_close(network(features), expected.relu())


def test_channels_last_images_stay_so_through_the_convolutions():
    network = backbone("alexnet-small")
    images = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8).permute(0, 3, 1, 2).float() / 255
    layouts = []

    def note(layer, inputs, output):
        layouts.append(output.is_contiguous(memory_format=torch.channels_last))

    for layer in network.network[0]:
        layer.register_forward_hook(note)
    network(images)
    assert layouts
    assert all(layouts)
    torch.testing.assert_close(network(images), network(images.contiguous()), rtol=1e-4, atol=1e-4)


def test_the_random_start_keeps_the_size_of_the_signal_and_tells_images_apart():
    network = backbone("alexnet-large")
    with torch.inference_mode():
        vectors = network(torch.rand(32, 3, 1, 1).expand(-1, -1, 64, 64) * torch.rand(32, 1, 64, 64))
    power = vectors.square().mean()
    assert 0.05 < power < 20
    assert (vectors - vectors.mean(0)).square().mean() > 0.3 * power


def test_dropout_comes_with_pretrained_weights_only():
    network = backbone("alexnet-s").train()
    images = torch.rand(2, 3, 64, 64)
    assert torch.equal(network(images), network(images))
