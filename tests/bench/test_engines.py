"""Engines beside PyTorch's eager mode and ONNX Runtime's own: the same answers, or a refusal in one line."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from outfitbench.bench import EngineError, EngineProfile, ExportedModel, Subject, profile_subjects
from outfitbench.bench.effort import Effort
from outfitbench.bench.engines import engine_factory, needs_export
from outfitbench.bench.engines.engine import answer
from outfitbench.bench.engines.onnxruntime_engine import (
    PROVIDERS,
    OnnxRuntimeEngine,
    TensorRtEngine,
    open_session,
)
from outfitbench.bench.engines.torch_engine import TorchEngine
from outfitbench.bench.request import make_request
from outfitbench.models import create_model, list_models
from outfitbench.models.weights import save_tensors


@pytest.fixture
def subject(plugin: Path, headed_export: ExportedModel, tmp_path: Path) -> Subject:
    """The model that `headed_export` was made of."""
    torch.manual_seed(0)
    weights = tmp_path / "weights.safetensors"
    save_tensors(create_model("tiny-headed", num_users=5).state_dict(), weights)
    return Subject(
        model="tiny-headed",
        num_users=5,
        weights=weights,
        input_size=16,
        export=headed_export.folder,
        plugins=(plugin,),
    )


@pytest.mark.parametrize(
    ("name", "within"),
    [("torch-channels-last", 1e-5), ("torch-bf16", 3e-2), ("torch-int8", 5e-2), ("openvino", 1e-4)],
)
def test_an_engine_answers_as_pytorch_does(subject: Subject, name: str, within: float):
    if library := {"openvino": "openvino", "torch-int8": "torchao"}.get(name):
        pytest.importorskip(library)
    engine, eager = engine_factory(name)(subject, "cpu", 1), TorchEngine(subject, "cpu", 1)
    scores = []
    for each in (engine, eager):
        each.load()
        scores.append([answer(each, make_request(5, "image", 16, batch=n, outfit_size=k)) for n, k in SIZES])
    for found, right in zip(*scores, strict=True):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, right, atol=within)
    assert engine.precision == {"torch-bf16": "bf16", "torch-int8": "int8"}.get(name, "fp32")
    rounded = any((one != other).any() for one, other in zip(*scores, strict=True))
    assert rounded or engine.precision == "fp32"


SIZES = ((1, 3), (5, 2))
OF_A_KIND = {"teacher", "student-s", "student-m", "lpae-g"}  # networks of student-xs, of lpae-u


@pytest.mark.parametrize("name", ["torch-bf16", "torch-int8"])
@pytest.mark.parametrize("model", sorted(set(list_models()) - OF_A_KIND))
def test_every_network_of_the_zoo_runs_in_fewer_bits(model, name):
    if name == "torch-int8":
        pytest.importorskip("torchao")
    subject = Subject(model=model, num_users=5, input_size=64)
    engine = engine_factory(name)(subject, "cpu", 1)
    engine.load()
    assert np.isfinite(answer(engine, make_request(5, "image", 64, batch=2))).all()


def test_what_is_not_installed_is_named_with_what_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.delitem(sys.modules, "outfitbench.bench.engines.openvino_engine", raising=False)
    with pytest.raises(EngineError) as raised:
        engine_factory("openvino")
    assert str(raised.value) == (
        "engine openvino: found no package openvino, expected it; pip install 'outfitbench[openvino]'"
    )


def test_an_engine_of_one_device_refuses_the_other(subject: Subject):
    refusals = {"openvino": "cuda", "onnxruntime-tensorrt": "cpu", "torch-cuda-graphs": "cpu"}
    pytest.importorskip("openvino")
    for name, device in refusals.items():
        assert needs_export(name) == (not name.startswith("torch"))
        with pytest.raises(EngineError, match=f"^engine {name}: found device {device}, expected c[a-z]*$"):
            engine_factory(name)(subject, device, 1).load()


def test_what_stays_on_a_device_is_what_a_request_is_answered_by(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
):
    """The binding of both graphs, as on CUDA; here the device is the processor."""
    engine, request = OnnxRuntimeEngine(subject, "cpu", 1), make_request(5, "image", 16, batch=4)
    engine.load()
    assert engine.device_seconds(request, 3) == []
    scores, timed = [], engine._device_call

    def noted(encode: onnxruntime.IOBinding, score: onnxruntime.IOBinding) -> float:
        seconds = timed(encode, score)
        scores.append(score.get_outputs()[0].numpy())
        return seconds

    monkeypatch.setattr(engine, "_device_call", noted)
    engine.provider = PROVIDERS["cuda"]
    assert all(seconds > 0 for seconds in engine.device_seconds(request, 3))
    assert len(scores) == 3
    for found in scores:
        np.testing.assert_allclose(found, answer(engine, request), atol=1e-6)


ON_A_GPU = {
    **dict.fromkeys(
        ["torch", "torch-channels-last", "torch-compile", "torch-cuda-graphs", "onnxruntime"], 1e-4
    ),
    "torch-bf16": 3e-2,
}
"""How far answers may be from PyTorch's on the processor."""


@pytest.mark.cuda
@pytest.mark.parametrize("name", ON_A_GPU)
def test_an_engine_answers_on_a_gpu_as_pytorch_does_on_the_processor(subject: Subject, name: str):
    engine, eager = engine_factory(name)(subject, "cuda", 1), TorchEngine(subject, "cpu", 1)
    for each in (engine, eager):
        each.load()
    for n, k in SIZES:
        request = make_request(5, "image", 16, batch=n, outfit_size=k)
        if engine.compiles:
            engine.compile(request)
        np.testing.assert_allclose(answer(engine, request), answer(eager, request), atol=ON_A_GPU[name])
        seconds = engine.device_seconds(request, 3)
        assert len(seconds) == 3
        assert min(seconds) > 0
    assert (engine.device_memory() or {})["peak_memory"] > 0


@pytest.mark.cuda
def test_what_a_gpu_costs_is_measured_beside_the_processor(subject: Subject):
    effort = Effort(rounds=2, samples=3, batch=2, batches=1, warm_seconds=0.1, turn_seconds=5.0)
    asked = {"devices": ["cpu", "cuda"], "workloads": ["start", "request"], "effort": effort}
    rows = list(profile_subjects([subject], **asked))
    assert [row.reason for row in rows if not isinstance(row, EngineProfile)] == []
    on_device = [row for row in rows if row.device == "cuda"]
    assert {row.provider for row in on_device} == {None, "CUDAExecutionProvider"}
    for row in on_device:
        assert row.machine.accelerator
        name = "peak_memory" if row.workload == "start" else "device_latency"
        assert row.measurements[name].median > 0


@pytest.mark.skipif(
    "TensorrtExecutionProvider" in onnxruntime.get_available_providers() and torch.cuda.is_available(),
    reason="TensorRT may be here",
)
def test_tensorrt_is_never_replaced_by_another_provider(headed_export: ExportedModel):
    provider = TensorRtEngine.providers["cuda"]
    line = r"^engine onnxruntime-tensorrt: found a session on CPUExecutionProvider, expected Tensorrt[^\n]*$"
    with pytest.raises(EngineError, match=line):
        open_session(headed_export.folder / "scorer.onnx", provider, 1, TensorRtEngine.name)
