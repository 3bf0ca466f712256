"""Every network of the zoo, exported with its images, answers as PyTorch does at several sizes of request."""

from __future__ import annotations

from pathlib import Path

import pytest
from outfitbench.bench import export_onnx
from outfitbench.bench.parity import EXACT
from outfitbench.models import create_model, list_models


@pytest.mark.slow
@pytest.mark.parametrize("name", list_models())
def test_each_answers_as_pytorch_does(name: str, tmp_path: Path) -> None:
    """`export_onnx` compares one outfit of three items, two of two, five of four, and a ranking of many."""
    exported = export_onnx(create_model(name, num_users=7).eval(), tmp_path / "out", name=name)
    assert not EXACT.missed(exported.parity)
