from __future__ import annotations

import pytest
import torch
from outfitbench.bench import EngineError, Subject
from outfitbench.bench.engines.torch_engine import TorchEngine
from outfitbench.bench.memory import peak_resident
from outfitbench.bench.worker_process import WorkerProcess

from .instrument import ALLOCATION, SLEEP

FOR_ALL = {"device": "cpu", "threads": 1, "warm_seconds": 0.1, "turn_seconds": 60.0}
SUBJECT = Subject(model="none", num_users=3, input_size=16).to_json()


@pytest.fixture
def instrument(instruments):
    with WorkerProcess("instrument:Instrument") as worker:
        yield worker


def test_a_known_sleep_and_a_known_allocation_are_found(instrument):
    first = instrument.ask("load", subject=SUBJECT, **FOR_ALL)
    assert first["first_call"] >= SLEEP
    assert first["compile"] is None
    assert instrument.ask("memory")["bytes"]["peak_memory"] == pytest.approx(ALLOCATION, rel=0.05)
    latency = instrument.ask("latency", batch=1, samples=20)["seconds"]
    assert len(latency) == 20
    assert min(latency) >= SLEEP
    assert sorted(latency)[5] < 1.2 * SLEEP


def test_a_big_parent_does_not_show_in_a_workers_peak(instruments):
    ballast = torch.ones(400 << 20, dtype=torch.uint8)
    with WorkerProcess("instrument:Instrument") as worker:
        worker.ask("load", subject=SUBJECT, **FOR_ALL)
        assert worker.ask("memory")["bytes"]["peak_memory"] == pytest.approx(ALLOCATION, rel=0.05)
    assert peak_resident() > len(ballast)


def test_a_shape_is_warmed_once_and_says_whether_it_settled(instrument):
    instrument.ask("load", subject=SUBJECT, **FOR_ALL)
    assert instrument.ask("latency", batch=1, samples=1)["settled"] in (True, False)
    assert len(instrument.ask("latency", batch=1, samples=3)["seconds"]) == 3


@pytest.mark.parametrize("engine", ["nonsense", "torchh"])
def test_an_unknown_engine_is_refused(engine):
    with (
        WorkerProcess(engine) as worker,
        pytest.raises(EngineError, match=f"argument engine: found '{engine}'"),
    ):
        worker.wait_until_imported()


def test_a_worker_that_dies_leaves_its_last_words(instruments, capfd):
    with (
        WorkerProcess("instrument:Fragile") as worker,
        pytest.raises(EngineError, match=r"instrument:Fragile: .* status 7 \(out of luck\)"),
    ):
        worker.ask("load", subject=SUBJECT, **FOR_ALL)
    assert capfd.readouterr() == ("", "")


def test_an_engine_that_cannot_be_imported_says_why(capfd):
    with (
        WorkerProcess("no_such_module:Engine") as worker,
        pytest.raises(
            EngineError, match=r"status 1 \(ModuleNotFoundError: No module named 'no_such_module'\)"
        ),
    ):
        worker.wait_until_imported()
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(torch.cuda.is_available(), reason="CUDA is here")
def test_a_missing_provider_is_refused_in_one_line_and_in_silence(tiny_export, capfd):
    subject = Subject(model="tiny", num_users=5, input_size=16, export=tiny_export.folder)
    line = (
        "^engine onnxruntime: found a session on CPUExecutionProvider, expected CUDAExecutionProvider[^\n]*$"
    )
    with WorkerProcess("onnxruntime") as worker, pytest.raises(EngineError, match=line):
        worker.ask("load", subject=subject.to_json(), **FOR_ALL | {"device": "cuda"})
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(torch.cuda.is_available(), reason="CUDA is here")
def test_torch_refuses_a_missing_device(plugin):
    subject = Subject(model="tiny", num_users=5, input_size=16, plugins=(plugin,))
    with pytest.raises(EngineError, match=r"^engine torch: found no CUDA device"):
        TorchEngine(subject, "cuda", 1).load()
