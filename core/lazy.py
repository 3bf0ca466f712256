"""Public names of a package that are imported on first use, so that importing the package costs nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

__all__ = ["lazy_names"]


def lazy_names(
    package: str, names_by_module: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` for a package's `__init__`.

    Args:
        package: The package's `__name__`.
        names_by_module: Public names by the module, relative to the package, that defines them. A module that
            lists its own name is itself the public name.

    Example:
        >>> get, names = lazy_names("outfitbench.core", {"hashes": ["content_hash"]})
        >>> get("content_hash")({})
        '01e7b720ff566d53'
        >>> "content_hash" in names()
        True
    """
    home = {name: module for module, names in names_by_module.items() for name in names}

    def get(name: str) -> object:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(f".{home[name]}", package)
        return module if home[name].rpartition(".")[2] == name else getattr(module, name)

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *home})

    return get, names
