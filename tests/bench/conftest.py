"""Small models and engines of known cost."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from outfitbench.bench import ExportedModel, Subject, export_onnx
from outfitbench.bench.sample import Sample, draw_sample
from outfitbench.core.plugins import load_plugin
from outfitbench.datasets import Dataset, load_dataset
from outfitbench.models import OutfitModel, create_model
from outfitbench.models.weights import save_tensors

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


@pytest.fixture(scope="module")
def small_closet(in_the_small_world: None) -> Dataset:
    """A dataset of images."""
    return load_dataset("closet-12")


@pytest.fixture(scope="module")
def headed_subject(plugin: Path, small_closet: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """A model with fully connected layers, as if trained."""
    torch.manual_seed(0)
    weights = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    model = create_model("tiny-headed", num_users=small_closet.num_users)
    save_tensors(model.state_dict(), weights)
    return Subject(
        model="tiny-headed",
        num_users=small_closet.num_users,
        weights=weights,
        input_size=16,
        plugins=(plugin,),
    )


@pytest.fixture(scope="module")
def sample(small_closet: Dataset, headed_subject: Subject) -> Sample:
    """Some of its training outfits, as the model of `headed_subject` sees them."""
    return draw_sample(small_closet, headed_subject, 40)
