"""What a suite's trained methods cost: profiled in turns, one record for each method, engine and device."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from rich import get_console

from ..bench.file_hash import file_hash
from ..bench.machine import describe_machine
from ..bench.profiling import EngineProfile, profile_subjects
from ..bench.subject import Subject
from ..bench.weights import WEIGHTS_FILE
from .canonical import content_hash
from .item_inputs import ItemInputs
from .record_files import RECORD_FILE, load_record, write_record
from .records import EVALUATOR_VERSION, CostRecord, Machine, Record
from .suite_file import CostPlan
from .trial import Trial

__all__ = ["measure_costs"]


def measure_costs(
    plan: CostPlan, trials: Sequence[tuple[Trial, Path]], out: Path, plugins: Sequence[Path] = ()
) -> list[Record]:
    """Cost records of some finished trials on one dataset.

    They are measured together, in turns, unless all are there: figures taken at different times would hold
    the machine's drift against one of them.

    Args:
        plan: Engines, devices and effort.
        trials: Finished trials and their folders.
        out: Folder of the runs.
        plugins: Files that register models of the user's.

    Raises:
        EngineError: If an engine cannot run here.
        ParityError: If an engine answers otherwise than torch.
    """
    devices = _present(plan.devices)
    cells = [
        (trial, folder, engine, device)
        for trial, folder in trials
        for engine in plan.engines
        for device in devices
    ]
    descriptions = [_description(plan, *cell) for cell in cells]
    folders = [out / "costs" / content_hash(description) for description in descriptions]
    out.mkdir(parents=True, exist_ok=True)
    with FileLock(out / "costs.lock"):
        if not all((folder / RECORD_FILE).exists() for folder in folders):
            profiles = profile_subjects(
                [_subject(trial, folder, plugins) for trial, folder in trials],
                engines=plan.engines,
                devices=devices,
                dataset=trials[0][0].dataset,
                effort=plan.effort,
            )
            for profile, description, folder, cell in zip(
                profiles, descriptions, folders, cells, strict=True
            ):
                write_record(_record(profile, description, cell[0].dataset.name), folder)
    return [load_record(folder / RECORD_FILE) for folder in folders]


def _present(devices: Sequence[str]) -> list[str]:
    """The devices this machine has."""
    present = [device for device in devices if device != "cuda" or torch.cuda.is_available()]
    for device in devices:
        if device not in present:
            get_console().print(f"costs: no {device} on this machine, left out", highlight=False)
    return present


def _description(plan: CostPlan, trial: Trial, folder: Path, engine: str, device: str) -> dict[str, Any]:
    """What decides a cost: the weights, how it is run and measured, and the machine."""
    machine = describe_machine()
    return {
        "evaluator": EVALUATOR_VERSION,
        "trial": trial.hash,
        "weights": file_hash(folder / WEIGHTS_FILE),
        "data": trial.dataset.fingerprint,
        "engine": engine,
        "device": device,
        "effort": plan.effort.model_dump(mode="json"),
        "machine": {key: machine[key] for key in ("processor", "cores", "accelerator", "versions")},
    }


def _subject(trial: Trial, folder: Path, plugins: Sequence[Path]) -> Subject:
    inputs = ItemInputs(trial.dataset, trial.method.image_size)
    return Subject(
        model=trial.method.model,
        num_users=trial.dataset.num_users,
        label=trial.method.name,
        weights=folder / WEIGHTS_FILE,
        backbone=trial.method.backbone,
        input_kind=inputs.kind,
        input_size=inputs.size,
        plugins=tuple(plugins),
    )


def _record(profile: EngineProfile, description: dict[str, Any], dataset: str) -> CostRecord:
    return CostRecord(
        cost=content_hash(description),
        description=description,
        dataset=dataset,
        evaluator_version=EVALUATOR_VERSION,
        machine=Machine.model_validate(profile.machine),
        **profile.model_dump(exclude={"machine"}),
    )
