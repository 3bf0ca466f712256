"""What models cost: every quantity of every model in every engine, measured in turns.

The measurements of a profile, by name:

- "load" (s): from files to a model that is ready, in a fresh process that has imported the engine.
- "compile" (s): compiling for the shape of the first request; engines that compile only.
- "first_call" (s): the first request after that.
- "latency" (s): one warm request. That is one user and one outfit of three items, from decoded images
  (uint8) to floats, to features, to the score; from the host's memory to the host's memory.
- "device_latency" (s): the same on CUDA, input and output staying on the device.
- "throughput" (outfit/s): requests of `Effort.batch` outfits.
- "encode_throughput" (item/s): encoding `Effort.batch` items.
- "peak_memory" (byte): the peak of a process that has loaded the model and answered one request, beyond its
  peak when it had only imported the engine. On CUDA: what torch's allocator held at most, or for ONNX
  Runtime what the memory in use of the device grew by.
- "peak_memory_reserved" (byte): on CUDA in torch, what the allocator reserved at most.
- "parameters", "buffers" (1): numbers that are trained, and those that are not.
- "flops" (FLOP): of one request; a multiply-add is two.
- "file_size" (byte): the files that the engine loads.
- "recommend" (s): every user's test candidates in order, from the encoded images. Its parts are
  "recommend_decode", "recommend_encode" and "recommend_score". An untimed run goes before.

What could not be measured has no samples and a flag that says why.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import BaseModel, ConfigDict

from ..datasets.dataset import Dataset
from ..datasets.errors import Fault, InputError
from ..datasets.progress import tracked
from ..models.options import InputKind
from .bystanders import Bystanders
from .effort import QUICK, Effort
from .engines import DEVICES, engine_target
from .machine import accelerator_name, describe_machine, usable_cores
from .measurement import Measurement
from .preparation import prepare
from .recommend import write_workload
from .subject import Subject
from .turns import Turns
from .worker_process import WorkerProcess

__all__ = ["EngineProfile", "profile", "profile_subjects"]


class EngineProfile(BaseModel):
    """What one model costs in one engine on one device.

    The fields are those of a cost record that come from measuring.

    Attributes:
        method: The subject's label.
        model: The zoo's name of the model.
        backbone: The image network's name.
        input_kind: "image" or "features".
        input_size: H = W of the images in pixels, or F of the features.
        engine: "torch", "torch-compile" or "onnxruntime".
        provider: ONNX Runtime's execution provider, or None.
        device: "cpu" or "cuda".
        precision: "fp32", "bf16" or "int8".
        threads: Intra-op threads, the same for every engine.
        batch: Outfits in a request of "throughput", items in one of "encode_throughput".
        measurements: By name, see above.
        parity: Against torch, for other engines: "max_abs_difference", "kendall_tau", "top_k_overlap".
        flags: On the whole row.
        machine: As `describe_machine` gives it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str
    model: str
    backbone: str
    input_kind: InputKind
    input_size: int
    engine: str
    provider: str | None
    device: str
    precision: str
    threads: int
    batch: int
    measurements: dict[str, Measurement]
    parity: dict[str, float] = {}
    flags: list[str] = []
    machine: dict[str, Any]


def profile(
    models: str | Sequence[str],
    *,
    num_users: int = 630,
    engines: Sequence[str] = ("torch", "onnxruntime"),
    devices: Sequence[str] = ("cpu",),
    image_size: int | None = None,
    dataset: Dataset | None = None,
    effort: Effort = QUICK,
) -> list[EngineProfile]:
    """Measure models of the zoo with random weights: what a model costs does not hang on its values.

    Args:
        models: Names of the zoo.
        num_users: How many users a model knows; the dataset's where there is one.
        engines: "torch", "torch-compile", "onnxruntime", or `module:Class` of your own.
        devices: "cpu" and "cuda".
        image_size: H = W of the images in pixels; None for each model's own.
        dataset: Whose test candidates "recommend" ranks; without one it stays blank.
        effort: How much to measure.

    Returns:
        One profile for each model, engine and device, in that order.

    Raises:
        InputError: For an unknown engine, or a device that is unknown or absent.
        ModelError: For an unknown model.
        EngineError: If an engine cannot run here.
        ParityError: If an engine answers otherwise than PyTorch.
    """
    names = [models] if isinstance(models, str) else list(models)
    users = num_users if dataset is None else dataset.num_users
    subjects = [Subject(model=name, num_users=users, input_size=image_size) for name in names]
    return profile_subjects(subjects, engines=engines, devices=devices, dataset=dataset, effort=effort)


def profile_subjects(
    subjects: Sequence[Subject],
    *,
    engines: Sequence[str] = ("torch", "onnxruntime"),
    devices: Sequence[str] = ("cpu",),
    dataset: Dataset | None = None,
    effort: Effort = QUICK,
) -> list[EngineProfile]:
    """Measure models with given weights, all in turns, so that drift of the machine hits all alike.

    Each (model, engine, device) lives in a process of its own that imports that engine alone; one is awake
    at a time.

    Args:
        subjects: The models.
        engines: As for `profile`.
        devices: As for `profile`.
        dataset: As for `profile`.
        effort: How much to measure.

    Returns:
        One profile for each subject, engine and device, in that order.

    Raises:
        InputError: For an unknown engine, a device that is unknown or absent, or weights that cannot be read.
        ModelError: For an unknown model.
        EngineError: If an engine cannot run here.
        ParityError: If an engine answers otherwise than PyTorch.
    """
    _check(engines, devices)
    machine, threads = describe_machine(), usable_cores()
    with TemporaryDirectory(prefix="outfitbench-") as scratch, ExitStack() as workers:
        # The workers import their engines while the models are exported here.
        places = [
            (number, engine, device, workers.enter_context(WorkerProcess(engine)))
            for number, engine, device in itertools.product(range(len(subjects)), engines, devices)
        ]
        prepared = [
            prepare(subject, engines, Path(scratch) / str(number))
            for number, subject in enumerate(tracked(subjects, "prepare models"))
        ]
        runs = [
            Turns(worker, prepared[number], engine, device, threads, effort)
            for number, engine, device, worker in places
        ]
        for _, _, _, worker in places:
            worker.wait_until_imported()
        bystanders = Bystanders()
        for run in tracked(runs, "load models"):
            run.load()
        for run in tracked(runs * effort.rounds, "measure in turns"):
            run.turn()
        _recommend(runs, dataset, effort, Path(scratch))
        return [_profile_of(run, machine, bystanders.flags(), effort.batch) for run in runs]


def _recommend(runs: Sequence[Turns], dataset: Dataset | None, effort: Effort, scratch: Path) -> None:
    if dataset is None or effort.recommend_runs == 0:
        for run in runs:
            run.flag("recommend", "no dataset" if dataset is None else "not asked for")
        return
    for kind in {run.prepared.subject.input_kind for run in runs}:
        folder = scratch / f"candidates-{kind}"
        folder.mkdir()
        kept, total = write_workload(
            dataset, folder, images=kind == "image", limit=effort.recommend_candidates
        )
        ours = [run for run in runs if run.prepared.subject.input_kind == kind]
        for run in tracked(ours, "warm up on every user"):
            run.warm_recommend(folder)
        for run in tracked(ours * effort.recommend_runs, "recommend to every user"):
            run.recommend(folder)
        if kept < total:
            for run in ours:
                run.flag("recommend", f"{kept} of {total} candidates")


def _check(engines: Sequence[str], devices: Sequence[str]) -> None:
    for engine in engines:
        engine_target(engine)
    for device in devices:
        if device not in DEVICES:
            raise InputError(Fault("argument device", repr(device), f"one of {', '.join(DEVICES)}"))
        if device == "cuda" and accelerator_name() is None:
            raise InputError(
                Fault("argument device", "cuda without a CUDA device", "a device this machine has")
            )


def _profile_of(run: Turns, machine: dict[str, Any], flags: list[str], batch: int) -> EngineProfile:
    subject = run.prepared.subject
    assert subject.input_size is not None  # `prepare` filled it in
    return EngineProfile(
        method=subject.label or subject.model,
        model=subject.model,
        backbone=run.prepared.backbone,
        input_kind=subject.input_kind,
        input_size=subject.input_size,
        engine=run.engine,
        provider=run.provider,
        device=run.device,
        precision=run.precision,
        threads=run.threads,
        batch=batch,
        measurements=run.measurements(),
        parity=run.parity,
        flags=flags,
        machine=machine,
    )
