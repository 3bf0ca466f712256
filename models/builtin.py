"""The zoo's own models, entered by importing their files."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from . import zoo

__all__ = ["import_zoo"]


@cache
def import_zoo() -> None:
    """Import every file of the zoo, once: each registers its models."""
    for module in pkgutil.iter_modules(zoo.__path__, f"{zoo.__name__}."):
        importlib.import_module(module.name)
