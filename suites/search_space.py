"""What a search tries of a method: values of its recipe's and its objectives' options."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from ..core.errors import Fault, InputError
from ..core.toml_file import parse
from ..training.method import Method
from .describing import chosen_objectives

__all__ = [
    "Point",
    "Space",
    "Value",
    "as_tables",
    "present_values",
    "search_space",
    "size",
    "with_values",
]

Value = bool | int | float | str

Space = Mapping[str, tuple[Value, ...]]
"""Values by option, as TOML would name it: "recipe.learning_rate", "objective.fnd.alpha"."""

Point = Mapping[str, Value]
"""One value of each option."""


def search_space(method: Method) -> dict[str, tuple[Value, ...]]:
    """The values that the method's parts name: all of its optimizer search the recipe in the same places.

    Raises:
        InputError: If an objective names an option that it has not, no value, or one that it does not take.

    Example:
        >>> search_space(Method(name="FND XS", model="student-xs", objective="fnd"))
        {'recipe.learning_rate': (0.015, 0.05, 0.15, 0.5), 'objective.fnd.alpha': (0.75, 1.0, 1.25, 1.5)}
    """
    space: dict[str, tuple[Value, ...]] = {
        f"recipe.{option}": values for option, values in method.recipe.searched().items()
    }
    for entry, options in chosen_objectives(method):
        for option, values in options.searched().items():
            where = f"{entry.place}, values searched of objective {entry.name}"
            if not values:
                raise InputError(Fault(f"{where}, {option}", "none", "one or more"))
            for value in values:
                parse(type(options), {**method.objectives[entry.name], option: value}, where)
            space[f"objective.{entry.name}.{option}"] = tuple(values)
    return space


def size(space: Space) -> int:
    """How many points there are.

    Example:
        >>> size({"recipe.learning_rate": (0.015, 0.05, 0.15), "objective.fnd.alpha": (1.0, 1.25)})
        6
    """
    return math.prod(map(len, space.values()))


def present_values(method: Method, space: Space) -> dict[str, Value]:
    """What the method has now of each option.

    Example:
        >>> method = Method(name="FND XS", model="student-xs", objective="fnd")
        >>> present_values(method, {"objective.fnd.alpha": (1.0, 1.25)})
        {'objective.fnd.alpha': 1.25}
    """
    parts: dict[str, BaseModel] = {"recipe": method.recipe}
    parts |= {f"objective.{entry.name}": options for entry, options in chosen_objectives(method)}
    return {key: getattr(parts[key.rpartition(".")[0]], key.rpartition(".")[2]) for key in space}


def as_tables(point: Point) -> dict[str, Any]:
    """The values as the tables of a method's file.

    Example:
        >>> as_tables({"recipe.learning_rate": 0.05, "objective.fnd.alpha": 1.0})
        {'recipe': {'learning_rate': 0.05}, 'objective': {'fnd': {'alpha': 1.0}}}
    """
    tables: dict[str, Any] = {}
    for key, value in point.items():
        part, _, option = key.partition(".")
        table = tables.setdefault(part, {})
        objective, dot, own = option.rpartition(".")  # an objective's name may have dots, an option has none
        if dot:
            table, option = table.setdefault(objective, {}), own
        table[option] = value
    return tables


def with_values(method: Method, point: Point) -> Method:
    """The method with these values.

    Example:
        >>> method = Method(name="FND XS", model="student-xs", objective="fnd")
        >>> with_values(method, {"objective.fnd.alpha": 1.0}).objectives
        {'fnd': {'alpha': 1.0}}
    """
    tables = as_tables(point)
    recipe = method.recipe.model_copy(update=tables.get("recipe", {}))
    found = tables.get("objective", {})
    objectives = {name: {**options, **found.get(name, {})} for name, options in method.objectives.items()}
    return method.model_copy(update={"recipe": recipe, "objective": objectives})
