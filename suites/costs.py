"""What a suite's trained methods cost: profiled in turns, one record for each method, engine and device."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
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

    Those that lack a record are measured together, in turns: figures taken at different times would hold the
    machine's drift against one of them. A record that there is stays.

    Args:
        plan: Engines, devices and effort.
        trials: Finished trials and their folders.
        out: Folder of the runs.
        plugins: Files that register models of the user's.

    Raises:
        EngineError: If an engine cannot run here.
        ParityError: If an engine answers otherwise than torch.
    """
    cells = _cells(plan, trials, out)
    out.mkdir(parents=True, exist_ok=True)
    with FileLock(out / "costs.lock"):
        lacking = [cell for cell in cells if not cell.record.exists()]
        if lacking:
            _measure(lacking, plan, plugins)
    return [load_record(cell.record) for cell in cells]


@dataclass(frozen=True)
class _Cell:
    """A trained method in one engine on one device."""

    trial: Trial
    place: Path
    engine: str
    device: str
    description: dict[str, Any]
    record: Path


def _measure(cells: Sequence[_Cell], plan: CostPlan, plugins: Sequence[Path]) -> None:
    """Measure the cells and write a record of each."""
    trials = {cell.trial.hash: cell for cell in cells}.values()
    profiles = profile_subjects(
        [_subject(cell.trial, cell.place, plugins) for cell in trials],
        engines=list(dict.fromkeys(cell.engine for cell in cells)),
        devices=list(dict.fromkeys(cell.device for cell in cells)),
        dataset=cells[0].trial.dataset,
        effort=plan.effort,
    )
    found = {(profile.method, profile.engine, profile.device): profile for profile in profiles}
    for cell in cells:
        profile = found[cell.trial.method.name, cell.engine, cell.device]
        write_record(_record(profile, cell.description, cell.trial.dataset.name), cell.record.parent)


def _present(devices: Sequence[str]) -> list[str]:
    """The devices this machine has."""
    present = [device for device in devices if device != "cuda" or torch.cuda.is_available()]
    for device in devices:
        if device not in present:
            get_console().print(f"costs: no {device} on this machine, left out", highlight=False)
    return present


def _cells(plan: CostPlan, trials: Sequence[tuple[Trial, Path]], out: Path) -> list[_Cell]:
    """Each with all that decides a cost: the weights, how they are run and measured, and the machine."""
    machine, devices = describe_machine(), _present(plan.devices)
    cells = []
    for trial, place in trials:
        weights = file_hash(place / WEIGHTS_FILE)
        for engine, device in itertools.product(plan.engines, devices):
            description = {
                "evaluator": EVALUATOR_VERSION,
                "trial": trial.hash,
                "weights": weights,
                "data": trial.dataset.fingerprint,
                "engine": engine,
                "device": device,
                "effort": plan.effort.model_dump(mode="json"),
                "machine": {key: machine[key] for key in ("processor", "cores", "accelerator", "versions")},
            }
            record = out / "costs" / content_hash(description) / RECORD_FILE
            cells.append(_Cell(trial, place, engine, device, description, record))
    return cells


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
