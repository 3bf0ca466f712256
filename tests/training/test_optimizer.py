"""The optimizer that a recipe asks for, and the rates of the parts that it names."""

from __future__ import annotations

import pytest
from outfitbench.core.errors import InputError
from outfitbench.models import create_model
from outfitbench.training.method import Recipe
from outfitbench.training.objectives import OBJECTIVES
from outfitbench.training.optimizer import create_optimizer
from outfitbench.training.step import TrainingStep
from torch.optim import SGD, Adam


@pytest.fixture
def step() -> TrainingStep:
    model = create_model("student-xs", num_users=3, input_kind="features", feature_size=6)
    part = OBJECTIVES.get("contrastive")(OBJECTIVES.entry("contrastive").options(), model)
    return TrainingStep(model, {"contrastive": (1.0, part)})


def shares(step: TrainingStep, recipe: Recipe) -> dict[str, float]:
    name_of = {id(parameter): name for name, parameter in step.named_parameters()}
    groups = create_optimizer(recipe, step).param_groups
    return {name_of[id(p)]: group["share"] for group in groups for p in group["params"]}


def test_everything_trains_at_one_rate_by_default(step: TrainingStep) -> None:
    found = shares(step, Recipe())
    assert set(found) == {name for name, _ in step.named_parameters()}
    assert set(found.values()) == {1.0}


def test_the_longest_name_that_fits_decides(step: TrainingStep) -> None:
    recipe = Recipe(learning_rate=0.01, rates={"head": 0.001, "head.0": 0.02, "users": 0.1})
    found = shares(step, recipe)
    assert found["model.head.0.weight"] == pytest.approx(2.0)
    assert found["model.head.2.weight"] == pytest.approx(0.1)
    assert found["model.users.weight"] == pytest.approx(10.0)
    assert found["objectives.contrastive.projection.0.weight"] == 1.0


def test_a_rate_for_a_part_that_is_not_there_is_refused(step: TrainingStep) -> None:
    with pytest.raises(InputError, match=r"recipe\.rates: found 'usres', expected a part of the network"):
        create_optimizer(Recipe(rates={"usres": 0.1}), step)


def test_the_recipe_names_the_optimizer(step: TrainingStep) -> None:
    sgd = create_optimizer(Recipe(momentum=0.5, weight_decay=0.25), step)
    assert isinstance(sgd, SGD)
    assert (sgd.defaults["momentum"], sgd.defaults["weight_decay"]) == (0.5, 0.25)
    assert isinstance(create_optimizer(Recipe(optimizer="adam"), step), Adam)
