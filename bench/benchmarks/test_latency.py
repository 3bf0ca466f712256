"""One request, of every model of the zoo, in every engine and batch: a sample a call."""

from __future__ import annotations

import pytest
import torch
from outfitbench.bench import Subject, export_onnx
from outfitbench.bench.engines.engine import answer
from outfitbench.bench.engines.onnxruntime_engine import OnnxRuntimeEngine
from outfitbench.bench.engines.torch_engine import TorchEngine
from outfitbench.bench.request import make_request
from outfitbench.core.machine import usable_cores
from outfitbench.models import create_model, list_models

NUM_USERS, IMAGE_SIZE = 630, 64
ENGINES = {"torch": TorchEngine, "onnxruntime": OnnxRuntimeEngine}


@pytest.fixture(scope="module")
def subject(model, tmp_path_factory):
    """A model with random weights, exported."""
    torch.manual_seed(0)
    made = create_model(model, num_users=NUM_USERS)
    size = IMAGE_SIZE if made.input_kind == "image" else made.input_size
    folder = tmp_path_factory.mktemp("exports") / model
    export_onnx(made, folder, name=model, input_size=size)
    return Subject(model=model, num_users=NUM_USERS, input_size=size, export=folder)


@pytest.mark.parametrize("batch", [1, 8, 32])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("model", list_models(), scope="module")
def test_latency(benchmark, subject, model, engine, batch):
    benchmark.group = f"one request of {batch} outfits" if batch > 1 else "one request of one outfit"
    loaded = ENGINES[engine](subject, "cpu", usable_cores())
    loaded.load()
    request = make_request(NUM_USERS, subject.input_kind, subject.input_size, batch=batch)
    benchmark.pedantic(lambda: answer(loaded, request), rounds=100, warmup_rounds=10)
