"""Small models and engines of known cost."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from outfitbench.bench import ExportedModel, export_onnx
from outfitbench.core.plugins import load_plugin
from outfitbench.models import OutfitModel, create_model

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def plugin() -> Path:
    """A file of models, registered."""
    path = HERE / "plugin_models.py"
    load_plugin(path)
    return path


@pytest.fixture
def tiny(plugin: Path) -> OutfitModel:
    """A model with random weights, in evaluation mode."""
    torch.manual_seed(0)
    return create_model("tiny", num_users=5).eval()


@pytest.fixture
def instruments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets workers import `instrument`."""
    monkeypatch.setenv("PYTHONPATH", str(HERE))


@pytest.fixture(scope="session")
def tiny_export(plugin: Path, tmp_path_factory: pytest.TempPathFactory) -> ExportedModel:
    """The model of `tiny`, exported."""
    torch.manual_seed(0)
    model = create_model("tiny", num_users=5)
    return export_onnx(model, tmp_path_factory.mktemp("export") / "tiny", name="tiny")


@pytest.fixture(scope="session")
def headed_export(plugin: Path, tmp_path_factory: pytest.TempPathFactory) -> ExportedModel:
    """A model with fully connected layers and a cosine, exported."""
    torch.manual_seed(0)
    model = create_model("tiny-headed", num_users=5)
    return export_onnx(model, tmp_path_factory.mktemp("export") / "headed", name="tiny-headed")
