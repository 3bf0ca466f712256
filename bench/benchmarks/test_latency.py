"""One request, of every model, in every engine that this machine has, batch by batch: a sample a call."""

from __future__ import annotations

import pytest
import torch
from outfitbench.bench import EngineError, Subject, export_onnx
from outfitbench.bench.engines import ENGINES, answer, engine_factory
from outfitbench.bench.latency import collector_off
from outfitbench.bench.request import make_request
from outfitbench.core.machine import accelerator_name, usable_cores
from outfitbench.models import create_model, list_models

NUM_USERS, IMAGE_SIZE = 630, 64
DEVICES = ["cpu", "cuda"] if accelerator_name() else ["cpu"]
OF_CUDA = ("torch-cuda-graphs", "onnxruntime-tensorrt")
COMPILED = ("torch-compile", "torch-cuda-graphs")
"""Half a minute a model and batch: run by `-m slow`."""


@pytest.fixture(scope="module")
def subject(model, tmp_path_factory):
    """A model with random weights, exported."""
    torch.manual_seed(0)
    made = create_model(model, num_users=NUM_USERS)
    size = IMAGE_SIZE if made.input_kind == "image" else made.input_size
    folder = tmp_path_factory.mktemp("exports") / model
    export_onnx(made, folder, name=model, input_size=size)
    return Subject(model=model, num_users=NUM_USERS, input_size=size, export=folder)


def loaded(engine, device, subject):
    """The engine with the model; one whose library or device is not here is no row."""
    if (engine in OF_CUDA and device == "cpu") or (engine == "openvino" and device == "cuda"):
        pytest.skip(f"{engine} does not run on {device}")
    try:
        factory = engine_factory(engine)
    except EngineError as not_installed:
        pytest.skip(str(not_installed))
    made = factory(subject, device, usable_cores())
    made.load()
    return made


@pytest.mark.parametrize("batch", [1, 8, 64])
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    "engine",
    [pytest.param(name, marks=[pytest.mark.slow] if name in COMPILED else []) for name in ENGINES.names()],
)
@pytest.mark.parametrize("model", list_models(), scope="module")
def test_latency(benchmark, subject, model, engine, device, batch):
    benchmark.group = f"one request of {batch} outfits" if batch > 1 else "one request of one outfit"
    made = loaded(engine, device, subject)
    request = make_request(NUM_USERS, subject.input_kind, subject.input_size, batch=batch)
    if made.compiles:
        made.compile(request)
    benchmark.extra_info["threads"] = usable_cores()
    with collector_off():
        benchmark.pedantic(lambda: answer(made, request), rounds=100, warmup_rounds=5)  # p99 needs so many
