"""A method's tables: those of its file, and what a suite overrides of them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..core.names import unknown_name
from ..core.toml_file import parse, read_toml
from ..training.method import Method

__all__ = ["load_methods", "merged", "method_file", "method_tables", "overridden", "toml_stems"]


def load_methods() -> dict[str, Method]:
    """The methods that come with the package, by the id that suites name them by.

    Example:
        >>> load_methods()["fnd-xs"].name
        'FND XS'
    """
    paths = {key: method_file(key) for key in toml_stems("methods")}
    return {key: parse(Method, read_toml(path), path) for key, path in paths.items()}


def method_tables(
    key: str, every_method: dict[str, Any], methods: Mapping[str, dict[str, Any]], where: str
) -> dict[str, Any]:
    """What a suite makes of a method: its file, `[every_method]` over it, and `[method.ID]` over that.

    Args:
        key: The method's id.
        every_method: Keys of all methods.
        methods: Keys by id; one that has no file is defined here.
        where: What names it, for a message.

    Raises:
        InputError: If there is no such method.
    """
    own: dict[str, Any] = {}
    if key in toml_stems("methods"):
        own = read_toml(method_file(key))
    elif key not in methods:
        otherwise = "or define it under [method.ID]"
        raise InputError(unknown_name("a method", key, toml_stems("methods"), where, otherwise))
    return overridden(overridden(own, every_method), methods.get(key, {}))


def toml_stems(folder: str) -> list[str]:
    """Names of the TOML files of a folder of this room, without their suffix."""
    found = (files("outfitbench.suites") / folder).iterdir()
    return sorted(Path(entry.name).stem for entry in found if entry.name.endswith(".toml"))


def method_file(key: str) -> Path:
    """Where the file of a method that comes with the package lies."""
    return Path(str(files("outfitbench.suites") / "methods" / f"{key}.toml"))


def overridden(method: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """A method's tables with other keys; a table of objectives is added to its own, however that is spelt."""
    own = method.get("objective")
    spelt_out = isinstance(own, str) and isinstance(over.get("objective"), dict)
    return merged(method | {"objective": {own: {}}} if spelt_out else method, over)


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`base` with the keys of `over`, tables merged key by key."""
    both = dict(base)
    for key, value in over.items():
        both_tables = isinstance(value, dict) and isinstance(base.get(key), dict)
        both[key] = merged(base[key], value) if both_tables else value
    return both
