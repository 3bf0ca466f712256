"""What a model may offer beyond scores: outfit vectors, pairs, options of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.core.plugins import load_plugin
from outfitbench.models import (
    ModelError,
    OutfitModel,
    create_model,
    list_backbones,
    list_models,
    model_options,
    register_backbone,
    register_model,
)
from outfitbench.models.backbones import BACKBONES, ImageNetwork, backbone_entry
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

pytestmark = pytest.mark.usefixtures("own_registry")

PAPERS = ("teacher", "student-m", "student-s", "student-xs")


class Plain(OutfitModel):
    """No more than it must have."""

    def __init__(self, options):
        super().__init__()
        self.num_users = options.num_users
        self.backbone_name = "none"
        self.feature_size = self.input_size = options.feature_size
        self.input_kind = options.input_kind
        self.options = options.options

    def encode_items(self, images, categories):
        return images

    def score(self, users, features, categories):
        return users.float()


def over_features(name: str, **options) -> OutfitModel:
    return create_model(name, num_users=3, input_kind="features", feature_size=6, **options)


# What is optional


@pytest.mark.parametrize("name", list_models())
def test_every_flag_tells_what_the_model_does(name):
    model = over_features(name).eval()
    features, kinds = torch.randn(2, 3, model.feature_size), torch.tensor([[0, 1, 2], [0, 1, -1]])
    pair = (features[0], features[0], kinds[0], kinds[0])
    for flag, call in (
        (model.has_outfit_vectors, lambda: model.embed_outfits(features, kinds)),
        (model.has_pair_distances, lambda: model.pair_distances(*pair)),
        (
            model.has_next_item_losses,
            lambda: torch.stack(model.next_item_losses(features, kinds, features[0])),
        ),
    ):
        if flag:
            assert call().isfinite().all()
        else:
            with pytest.raises(ModelError, match="found no"):
                call()


def test_the_papers_network_has_vectors_and_type_aware_has_pairs():
    for name, flags in (("student-xs", (True, False)), ("type-aware", (False, True))):
        model = over_features(name)
        assert (model.has_outfit_vectors, model.has_pair_distances) == flags


@pytest.mark.parametrize("name", list_models())
def test_several_users_of_an_outfit_score_it_as_each_does_alone(name):
    torch.manual_seed(0)
    model = over_features(name).eval()
    features, kinds = torch.randn(2, 3, model.feature_size), torch.tensor([[0, 1, 2], [0, 1, -1]])
    users, bank = torch.tensor([[0, 1], [2, 0], [1, 1]]), torch.randn(5, model.feature_size)
    alone = [model.score_among(each, features, kinds, bank) for each in users]
    assert torch.equal(model.score_users(users, features, kinds, bank), torch.stack(alone))


def test_a_model_that_knows_one_user_an_outfit_is_asked_for_each():
    register_model("plain")(Plain)
    model = over_features("plain")
    users = torch.tensor([[0, 1], [2, 0]])
    scores = model.score_users(users, torch.zeros(2, 3, 6), torch.zeros(2, 3), torch.zeros(1, 6))
    assert scores.tolist() == [[0.0, 1.0], [2.0, 0.0]]


def test_a_model_without_any_says_so_in_one_line():
    register_model("plain")(Plain)
    model = over_features("plain")
    assert [model.has_outfit_vectors, model.has_pair_distances] == [False] * 2
    with pytest.raises(ModelError, match="model Plain: found no outfit vectors") as caught:
        model.embed_outfits(torch.zeros(1, 2, 6), torch.zeros(1, 2, dtype=torch.int64))
    assert "\n" not in str(caught.value)


# Feature input (fault 3)


def test_with_feature_input_the_papers_four_networks_differ():
    sizes = {name: sum(p.numel() for p in over_features(name).parameters()) for name in PAPERS}
    assert len(set(sizes.values())) == 4
    assert sorted(sizes, key=lambda name: -sizes[name]) == list(PAPERS)
    assert not list(over_features("student-xs").backbone.parameters())


# ImageNet weights when others follow (fault 8)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub folder that holds an AlexNet's (random) weights, and no network."""
    from torchvision.models import alexnet

    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    torch.save(alexnet().state_dict(), tmp_path / "checkpoints" / "alexnet-owt-7be5be79.pth")
    return tmp_path


@pytest.mark.parametrize("name", ["student-s", "student-xs", "type-aware"])
def test_without_imagenet_weights_a_model_takes_the_trained_ones_and_scores_alike(name, hub):
    trained = create_model(name, num_users=2, pretrained=True).eval()
    for file in hub.rglob("*.pth"):
        file.unlink()
    later = create_model(name, num_users=2, pretrained=False).eval()
    assert list(later.state_dict()) == list(trained.state_dict())
    later.load_state_dict(trained.state_dict())
    images, kinds = torch.rand(2, 3, 64, 64), torch.tensor([0, 1])
    with torch.inference_mode():
        assert torch.equal(later.encode_items(images, kinds), trained.encode_items(images, kinds))


# What BatchNorm does


@pytest.mark.parametrize("name", ["resnet18", "efficientnet-lite0"])
def test_batch_norm_sees_the_batch_in_training_and_never_in_evaluation(name):
    model = create_model("student-xs", num_users=2, backbone=name)
    images = torch.rand(4, 3, 64, 64)

    def differs() -> float:
        with torch.no_grad():
            return (model.backbone(images)[:2] - model.backbone(images[:2])).abs().max().item()

    averages = {n: b.clone() for n, b in model.backbone.named_buffers() if "running" in n}
    assert differs() > 1e-3
    assert any((b != averages[n]).any() for n, b in model.backbone.named_buffers() if "running" in n)
    model.eval()
    assert differs() < 1e-4


# Options


class Knobs(BaseModel):
    """Options of a model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    anchors: int = Field(default=64, ge=1)
    table: Path | None = None


def test_a_model_finds_its_own_options_checked():
    register_model("plain", options=Knobs)(Plain)
    assert over_features("plain").options == Knobs()
    assert over_features("plain", options={"anchors": 8}).options == Knobs(anchors=8)
    assert over_features("plain", options=Knobs(anchors=9)).options.anchors == 9
    assert model_options("plain", {"table": "a.bin"}).table == Path("a.bin")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"anchor": 8}, "anchor: found an unknown key, expected one of anchors, table; nearest: anchors"),
        ({"anchors": 0}, "anchors: found 0, expected greater than or equal to 1"),
        ({"anchors": "many"}, "anchors: found 'many', expected a valid integer"),
    ],
)
def test_wrong_options_are_refused_in_one_line(options, message):
    register_model("plain", options=Knobs)(Plain)
    with pytest.raises(InputError, match=f"^options of model 'plain', {message}") as caught:
        over_features("plain", options=options)
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match=r"^m\.toml, method\.a\.options, "):
        model_options("plain", options, "m.toml, method.a.options")


@pytest.mark.parametrize("options", [{"anchors": 8}, Knobs()])
def test_a_model_without_options_takes_none(options):
    with pytest.raises(InputError, match="options of model 'student-xs'"):
        over_features("student-xs", options=options)


# Backbones from outside

PLUGIN = """\
from outfitbench.models import register_backbone
from outfitbench.models.backbones import ImageNetwork
from torch import nn

@register_backbone("mean-colour")
def mean_colour(pretrained):
    \"\"\"The mean of each channel.\"\"\"
    layers = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return ImageNetwork(layers, width=3, input_size=8, smallest=1, mean=(0, 0, 0), deviation=(1, 1, 1))
"""


def test_a_plugins_backbone_carries_any_model(tmp_path):
    path = tmp_path / "plugin.py"
    path.write_text(PLUGIN)
    assert load_plugin(path) == ["mean-colour"]
    assert "mean-colour" in list_backbones()
    assert backbone_entry("mean-colour").source == path
    model = create_model("teacher", num_users=2, backbone="mean-colour").eval()
    assert (model.backbone_name, model.input_size) == ("mean-colour", 8)
    images = torch.rand(2, 3, 9, 9)
    torch.testing.assert_close(model.backbone(images), images.mean((2, 3)))
    assert model.encode_items(images, torch.tensor([0, 1])).shape == (2, 128)


def test_a_plugin_cannot_take_the_name_of_a_backbone_of_ours():
    with pytest.raises(InputError, match=r"backbone 'resnet18': found a second .*test_contract\.py"):
        register_backbone("resnet18")(lambda pretrained: None)


def test_a_builder_of_something_else_is_refused():
    register_backbone("number")(lambda pretrained: nn.Identity())
    with pytest.raises(ModelError, match=r"backbone 'number': found a Identity built by .*test_contract\.py"):
        create_model("student-xs", num_users=3, backbone="number")


def test_every_backbone_of_ours_says_what_it_is_and_is_ours():
    for name in list_backbones():
        entry = BACKBONES.entry(name)
        assert entry.source is None
        assert entry.summary
    assert BACKBONES.entry("resnet18").summary == "torchvision's resnet18 without its last layer."
    assert isinstance(BACKBONES.get("alexnet-small")(False), ImageNetwork)
