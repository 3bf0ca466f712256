"""A method's file with the values that a search found. Needs the package tomlkit."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile
from typing import Any

import tomlkit

from ..training.method import Method
from .search_space import Point, as_tables

__all__ = ["method_toml"]

_MARK = "# Tuned on "


def method_toml(base: Method | str, point: Point, told: str) -> str:
    r"""The text of a TOML file for `suites/methods/`.

    Args:
        base: The file's present text, whose comments and order stay; or a method that has no file.
        point: The values found.
        told: Where they were found; stands in a comment, and replaces an earlier search's.

    Example:
        >>> print(method_toml('# Our own.\nname = "FND XS"\nobjective = "fnd"\n',
        ...     {"objective.fnd.alpha": 1.0, "recipe.learning_rate": 0.05}, "closet-60"), end="")
        # Our own.
        # Tuned on closet-60.
        name = "FND XS"
        <BLANKLINE>
        [objective.fnd]
        alpha = 1.0
        <BLANKLINE>
        [recipe]
        learning_rate = 0.05
    """
    tables = as_tables(point)
    if isinstance(base, Method):
        document = tomlkit.parse(tomlkit.dumps(base.model_dump(mode="json", exclude_unset=True)))
    else:
        document = tomlkit.parse(base)
    if isinstance(named := document.get("objective"), str) and "objective" in tables:
        del document["objective"]
        tables["objective"] = {named: {}} | tables["objective"]
    _set(document, tables)
    lines = [line for line in tomlkit.dumps(document).splitlines() if not line.startswith(_MARK)]
    head = list(takewhile(lambda line: line.startswith("#"), lines))
    return "\n".join([*head, f"{_MARK}{told}.", *lines[len(head) :], ""])


def _set(table: Any, values: Mapping[str, Any]) -> None:  # noqa: ANN401 - tomlkit's tables are many types
    for key, value in values.items():
        if not isinstance(value, Mapping):
            table[key] = value
            continue
        if key not in table:
            table[key] = tomlkit.table(is_super_table=all(isinstance(v, Mapping) for v in value.values()))
        _set(table[key], value)
