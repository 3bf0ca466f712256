"""One request, in every engine, for every model of the zoo: a sample a call, with its percentiles."""

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

from .ratios import report_percentiles

NUM_USERS, IMAGE_SIZE = 630, 64


@pytest.fixture(scope="module", params=list_models())
def subject(request, tmp_path_factory):
    """A model with random weights, exported."""
    torch.manual_seed(0)
    model = create_model(request.param, num_users=NUM_USERS)
    size = IMAGE_SIZE if model.input_kind == "image" else model.input_size
    folder = tmp_path_factory.mktemp("exports") / request.param
    export_onnx(model, folder, name=request.param, input_size=size)
    return Subject(model=request.param, num_users=NUM_USERS, input_size=size, export=folder)


@pytest.mark.parametrize("engine", [TorchEngine, OnnxRuntimeEngine])
def test_latency(benchmark, subject, engine):
    loaded = engine(subject, "cpu", usable_cores())
    loaded.load()
    request = make_request(NUM_USERS, subject.input_kind, subject.input_size)
    benchmark.pedantic(lambda: answer(loaded, request), rounds=100, warmup_rounds=10)
    report_percentiles(benchmark)
