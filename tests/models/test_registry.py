"""Names: registering, listing, building, refusing."""

from __future__ import annotations

import subprocess
import sys

import pytest
from outfitbench.core.errors import InputError
from outfitbench.core.registry import registering
from outfitbench.models import ModelError, OutfitModel, create_model, list_models, register_model
from outfitbench.models.registry import MODELS

pytestmark = pytest.mark.usefixtures("own_registry")


def test_the_papers_models_are_listed():
    assert {"teacher", "student-xs", "student-s", "student-m"} <= set(list_models())


@pytest.mark.parametrize(
    ("name", "users", "parameters"),
    [
        ("teacher", 630, 65_986_752),
        ("teacher", 519, 65_972_544),
        ("student-xs", 630, 2_849_088),
        ("student-xs", 519, 2_834_880),
        ("student-s", 630, 13_877_952),
        ("student-s", 519, 13_863_744),
        ("student-m", 630, 28_101_824),
        ("student-m", 519, 28_087_616),
    ],
)
def test_parameters_are_those_of_table_5(name, users, parameters):
    model = create_model(name, num_users=users)
    assert sum(p.numel() for p in model.parameters()) == parameters
    assert all(p.requires_grad for p in model.parameters())


def test_an_unknown_model_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="found 'studnet-xs', expected a model; nearest: student-xs"):
        create_model("studnet-xs", num_users=3)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("num_users", 0),
        ("num_users", 2.5),
        ("feature_size", -1),
        ("input_kind", "text"),
    ],
)
def test_a_wrong_argument_is_named_with_its_value(argument, value):
    arguments = {"num_users": 3, argument: value}
    with pytest.raises(ModelError, match=f"argument {argument}: found {value!r}, expected") as caught:
        create_model("student-xs", **arguments)
    assert "\n" not in str(caught.value)


def test_a_value_of_100_000_characters_is_not_echoed_whole():
    with pytest.raises(ModelError) as caught:
        create_model("student-xs", num_users=3, input_kind="x" * 100_000)
    assert len(str(caught.value)) < 200


def test_an_unknown_backbone_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="argument backbone: found 'resnet', expected a backbone; nearest"):
        create_model("student-xs", num_users=3, backbone="resnet")


@pytest.mark.parametrize("setting", [{"backbone": "resnet18"}, {"pretrained": True}])
def test_what_feature_input_cannot_use_is_refused_not_ignored(setting):
    with pytest.raises(ModelError, match="expected none with feature input"):
        create_model("student-xs", num_users=3, input_kind="features", **setting)


def test_a_collision_names_both_definers():
    def second(options):
        raise AssertionError

    with pytest.raises(InputError) as caught:
        register_model("teacher")(second)
    assert __file__ in str(caught.value)
    assert "paper_network.py" in str(caught.value)


def test_registering_the_same_builder_again_changes_nothing():
    builder = MODELS.get("teacher")
    assert register_model("teacher")(builder) is builder


@pytest.mark.parametrize("name", ["", "Student", "a/b", "../teacher", "a--b", "-a", "a "])
def test_names_that_could_not_name_a_folder_are_refused(name):
    with pytest.raises(InputError, match="expected lower-case words"):
        register_model(name)


def test_a_builder_of_something_else_is_refused():
    register_model("number")(lambda options: 7)
    with pytest.raises(ModelError, match=r"model 'number': found a int built by .*test_registry\.py"):
        create_model("number", num_users=3)


class Popularity(OutfitModel):
    """The least a plugin can be: likes what users with high numbers post."""

    def __init__(self, options):
        super().__init__()
        self.num_users = options.num_users
        self.backbone_name = "none"
        self.feature_size = self.input_size = options.feature_size
        self.input_kind = options.input_kind

    def encode_items(self, images, categories):
        return images

    def score(self, users, features, categories):
        return users.float()


def test_a_class_can_be_its_own_builder():
    assert register_model("popularity")(Popularity) is Popularity
    assert create_model("popularity", num_users=5).num_users == 5
    assert "popularity" in list_models()


@pytest.mark.parametrize(
    "attribute", ["num_users", "backbone_name", "feature_size", "input_kind", "input_size"]
)
def test_a_model_without_an_attribute_of_the_contract_is_refused(attribute):
    @register_model("half-made")
    def half_made(options):
        model = Popularity(options)
        delattr(model, attribute)
        return model

    with pytest.raises(ModelError, match=f"found no attribute '{attribute}' on what .*test_registry.py"):
        create_model("half-made", num_users=5)


def test_nothing_stays_registered_after_an_error():
    def fail_halfway():
        with registering():
            register_model("half")(lambda options: 7)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert "half" not in list_models()


def test_importing_the_room_imports_no_torch():
    code = "import sys, outfitbench.models; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
