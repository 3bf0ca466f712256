"""A sweep: methods that differ in one option alone, written as the values that it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ..core.errors import InputError
from ..core.names import unknown_name
from ..core.toml_file import parse
from ..training.method import Method
from .method_tables import method_tables, overridden

__all__ = ["Sweep", "Swept", "swept_methods"]


def _each_once(values: list[Any]) -> list[Any]:
    if len({_spelt(value) for value in values}) < len(values):
        raise ValueError("each value once")
    return values


def _is_a_key(option: str) -> str:
    if not all(option.split(".")):
        raise ValueError('a key, such as "recipe.batch_size" or "objective.fnd.alpha"')
    return option


class Swept(NamedTuple):
    """One method of a sweep.

    Attributes:
        key: Its id.
        tables: What it overrides of its base.
        title: What it adds to the name of its base.
    """

    key: str
    tables: dict[str, Any]
    title: str


class Sweep(BaseModel):
    """One option of some methods over several values, each a method of its own.

    Attributes:
        methods: Ids of the methods that are swept.
        option: Where the option stands in a method's tables: "recipe.batch_size", "objective.fnd.alpha".
        values: What it is set to. Of a method that has one of them anyway, that is the method itself.
        symbol: What the option is called in the names of the rows; its last word by default.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    methods: Annotated[list[str], Field(min_length=1), AfterValidator(_each_once)]
    option: Annotated[str, AfterValidator(_is_a_key)]
    values: Annotated[list[Any], Field(min_length=1), AfterValidator(_each_once)]
    symbol: str = ""

    def of(self, method: str) -> Iterator[Swept]:
        """The methods that one of `methods` gives, in the order of the values.

        Example:
            >>> sweep = Sweep(methods=["fnd-xs"], option="objective.fnd.alpha", values=[0.5, 1.0], symbol="α")
            >>> [(swept.key, swept.title) for swept in sweep.of("fnd-xs")]
            [('fnd-xs-alpha-0.5', 'α = 0.5'), ('fnd-xs-alpha-1', 'α = 1')]
        """
        *tables, option = self.option.split(".")
        for value in self.values:
            nested: dict[str, Any] = {option: value}
            for table in reversed(tables):
                nested = {table: nested}
            key = f"{method}-{option}-{_spelt(value)}".replace("_", "-").replace(" + ", "-")
            yield Swept(key, nested, f"{self.symbol or option.replace('_', ' ')} = {_spelt(value)}")


def swept_methods(
    sweeps: Mapping[str, Sweep],
    every_method: dict[str, Any],
    methods: Mapping[str, dict[str, Any]],
    path: Path,
) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """The methods of a suite's sweeps, written out.

    Args:
        sweeps: By name.
        every_method: Keys of all methods of the suite.
        methods: Keys of some, by id; what stands there of a swept one is laid over it.
        path: The suite's file.

    Returns:
        Their ids; `methods` with theirs.

    Raises:
        InputError: If a sweep names a method that there is not, or an option that it does not have or take.
    """
    ids: list[str] = []
    tables = dict(methods)
    for name, sweep in sweeps.items():
        for base in sweep.methods:
            where = f"{path}, sweep.{name} of {base}"
            own = method_tables(base, every_method, methods, f"{path}, sweep.{name}.methods")
            method = parse(Method, own, where)
            table, *keys = sweep.option.split(".")
            if table == "objective" and keys and keys[0] not in method.objectives:
                raise InputError(unknown_name("an objective of it", keys[0], method.objectives, where))
            for swept in sweep.of(base):
                changed = overridden(own, swept.tables)
                if parse(Method, changed, where) == method:
                    ids.append(base)
                    continue
                ids.append(swept.key)
                named = changed | {"name": f"{method.name}, {swept.title}"}
                tables[swept.key] = overridden(named, methods.get(swept.key, {}))
    return ids, tables


def _spelt(value: object) -> str:
    if isinstance(value, list):
        return " + ".join(map(_spelt, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
