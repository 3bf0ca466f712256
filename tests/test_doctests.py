"""Every `>>>` in the package is run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from collections.abc import Iterator

import pytest

ROOMS = ("bench", "cli", "core", "datasets", "evaluation", "models", "reports", "suites", "training")


def modules() -> Iterator[str]:
    """Every module, room by room: an editable install maps the rooms, and their parent cannot be walked."""
    for room in ROOMS:
        package = importlib.import_module(f"outfitbench.{room}")
        yield package.__name__
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield module.name


MODULES = list(modules())


def test_the_walk_finds_modules_in_sub_packages():
    assert "outfitbench.datasets.images.source" in MODULES


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    failures, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failures == 0
