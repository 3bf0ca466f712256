"""What is searched of a method, and how what is found goes into its file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

import pytest
from outfitbench.core.errors import InputError
from outfitbench.core.toml_file import parse
from outfitbench.suites.method_tables import load_methods, method_file
from outfitbench.suites.method_toml import method_toml
from outfitbench.suites.search_space import search_space, size, with_values
from outfitbench.training.method import Method
from outfitbench.training.objectives import Objective, ObjectiveOptions, register_objective


def test_all_methods_of_an_optimizer_search_the_same_rates_and_only_fnd_alpha_beside() -> None:
    rates = {"sgd": (0.015, 0.05, 0.15, 0.5), "adam": (0.0003, 0.001, 0.003, 0.01)}
    for key, method in load_methods().items():
        space = search_space(method)
        assert space["recipe.learning_rate"] == rates[method.recipe.optimizer]
        scaled = [name for name, given in method.objectives.items() if given.get("alpha_mode") == "relative"]
        assert size(space) == (16 if scaled else 4), key
        for name in scaled:
            assert space[f"objective.{name}.alpha"] == (0.75, 1.0, 1.25, 1.5)


def test_recd_searches_what_its_base_does() -> None:
    method = load_methods()["n-pair-recd-xs"]
    based = method.model_copy(update={"objective": {"recd": {"base": "fnd-r"}}})
    assert list(search_space(method)) == ["recipe.learning_rate"]
    assert list(search_space(based)) == ["recipe.learning_rate", "objective.recd.alpha"]


def test_what_is_found_is_all_that_changes_in_a_method_s_file() -> None:
    methods = load_methods()
    for key, method in methods.items():
        text = method_file(key).read_text(encoding="utf-8")
        point = {option: values[-1] for option, values in search_space(method).items()}
        written = method_toml(method_toml(text, point, "closet-1"), point, "closet-60")
        assert parse(Method, tomllib.loads(written), key).objectives == with_values(method, point).objectives
        found = parse(Method, tomllib.loads(written), key)
        assert found.recipe == method.recipe.model_copy(
            update={"learning_rate": point["recipe.learning_rate"]}
        )
        kept = {"objective", "recipe"}
        assert found.model_dump(exclude=kept) == method.model_dump(exclude=kept)
        comments = [
            line for line in text.splitlines() if line.startswith("#") and not line.startswith("# Tuned on ")
        ]
        said = [line for line in written.splitlines() if line.startswith("#")]
        assert said == [*comments, "# Tuned on closet-60."]


@pytest.mark.parametrize(
    ("searched", "says"),
    [
        ({"margin": ()}, "objective wide, margin: found none, expected one or more"),
        ({"margn": (0.1,)}, "margn: found an unknown key, expected one of margin, weight; nearest: margin"),
        ({"margin": (0.1, "much")}, "margin: found 'much', expected a"),
    ],
)
@pytest.mark.usefixtures("own_registry")
def test_values_of_a_stranger_s_objective_are_checked(searched: Mapping[str, tuple], says: str) -> None:
    class Options(ObjectiveOptions):
        margin: float = 0.2

        def searched(self) -> Mapping[str, tuple]:
            return searched

    @register_objective("wide", options=Options)
    class Wide(Objective):
        """Nothing."""

    with pytest.raises(InputError, match=says):
        search_space(Method(name="Wide", model="student-xs", objective="wide"))
