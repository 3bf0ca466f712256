"""What tests of models share: the same random weights and images in every run, and no model left behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from outfitbench.models import list_models
from outfitbench.models.registry import BUILDERS


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture
def own_registry() -> Iterator[None]:
    """What a test registers is taken back."""
    list_models()
    before = dict(BUILDERS)
    yield
    BUILDERS.clear()
    BUILDERS.update(before)
