"""What a suite's trained methods cost: one record for each fit, engine and device, or why there is none."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from ..bench.engine_profile import EngineProfile, FailedProfile
from ..bench.profiling import profile_subjects
from ..bench.subject import Subject
from ..core.errors import Fault, InputError
from ..core.files import atomic_file
from ..core.hashes import content_hash, file_hash
from ..core.machine import accelerator_name, describe_machine
from ..core.progress import say
from ..models.weights import WEIGHTS_FILE
from .record_files import RECORD_FILE, load_record, write_record
from .records import EVALUATOR_VERSION, CostRecord, FitRecord, Machine

if TYPE_CHECKING:
    from .suite_file import CostPlan
    from .trial import FitTrial

__all__ = ["ERROR_FILE", "Failure", "measure_costs"]

ERROR_FILE = "error.txt"
"""Stands where the record of a cost would: the reason in one line, then all that its process printed."""

_IDENTITY = ("processor", "generation", "cores", "accelerator", "versions", "cpu_flags")
"""What of a machine is part of a cost."""


@dataclass(frozen=True)
class Failure:
    """A cost that could not be measured; the others stand.

    Attributes:
        label: For people: fit, engine and device.
        reason: What was found, in one line.
        folder: Where the record would stand; `ERROR_FILE` there holds the rest.
    """

    label: str
    reason: str
    folder: Path


def measure_costs(
    plan: CostPlan,
    fits: Sequence[tuple[FitTrial, Path]],
    out: Path,
    plugins: Sequence[Path] = (),
    *,
    outfit_size: int | None = None,
) -> Iterator[CostRecord | Failure]:
    """Cost records of some finished fits on one dataset, each as soon as it is written.

    For each device and engine, the fits that lack a record are measured together, in turns: figures taken at
    different times would hold the machine's drift against one of them. Their records are written before the
    next engine is measured, so that a process that is killed loses one engine's at most. A record that there
    is stays.

    Args:
        plan: Engines, devices and effort.
        fits: Finished fits and their folders, which hold the record and the weights.
        out: Folder of the runs.
        plugins: Files that register models or engines of the user's.
        outfit_size: Items of an outfit in a request; None for the dataset's.

    Yields:
        A record or a failure for each fit, engine and device that this machine has.

    Raises:
        InputError: If a cost record that there is cannot be read.
    """
    if not fits:
        return
    size = fits[0][0].dataset.outfit_size if outfit_size is None else outfit_size
    machine = describe_machine()
    out.mkdir(parents=True, exist_ok=True)
    with FileLock(out / "costs.lock"):
        for device, engine in itertools.product(_present(plan.devices), plan.engines):
            lacking: list[_Cell] = []
            for fit, place in fits:
                cell = _cell(plan, fit, place, engine, device, machine, size, out)
                if (cell.folder / RECORD_FILE).exists():
                    found = load_record(cell.folder / RECORD_FILE)
                    assert isinstance(found, CostRecord), "a folder of costs holds their records"
                    yield found
                elif cell.reason:
                    yield _fail(cell, cell.reason)
                else:
                    lacking.append(cell)
            if lacking:
                yield from _measure(lacking, plan, plugins, size)


@dataclass(frozen=True)
class _Cell:
    """A fit in one engine on one device; `reason` says why its weights cannot be used, if they cannot."""

    fit: FitTrial
    place: Path
    trained: FitRecord | None
    reason: str
    engine: str
    device: str
    description: dict[str, Any]
    folder: Path


def _present(devices: Sequence[str]) -> list[str]:
    """The devices this machine has."""
    present = [device for device in devices if device != "cuda" or accelerator_name() is not None]
    for device in devices:
        if device not in present:
            say(f"costs: no {device} on this machine, left out")
    return present


def _cell(
    plan: CostPlan,
    fit: FitTrial,
    place: Path,
    engine: str,
    device: str,
    machine: dict[str, Any],
    outfit_size: int,
    out: Path,
) -> _Cell:
    """With all that decides a cost: the weights, how they are run and measured, and the machine."""
    try:
        trained, reason = _trained(place), ""
    except InputError as error:
        trained, reason = None, str(error)
    description = {
        "evaluator": EVALUATOR_VERSION,
        "fit": fit.hash,
        "weights": None if trained is None else trained.weights,
        "engine": engine,
        "device": device,
        "outfit_size": outfit_size,
        "effort": plan.effort.model_dump(mode="json"),
        "machine": {key: machine[key] for key in _IDENTITY},
    }
    folder = out / "costs" / content_hash(description)
    return _Cell(fit, place, trained, reason, engine, device, description, folder)


def _trained(place: Path) -> FitRecord:
    """The record of a fit, held against its weights.

    Raises:
        InputError: If it cannot be read, or the weights are not those of the record.
    """
    record = load_record(place / RECORD_FILE)
    if not isinstance(record, FitRecord):
        raise InputError(Fault(place / RECORD_FILE, f"a {record.kind} record", "the record of a fit"))
    weights = place / WEIGHTS_FILE
    if not weights.is_file():
        raise InputError(Fault(weights, "no file", "the weights of the fit", "run the suite again"))
    if (hashed := file_hash(weights)) != record.weights:
        found = f"weights of hash {hashed}"
        raise InputError(Fault(weights, found, f"{record.weights}, as in the record beside it"))
    return record


def _measure(
    cells: Sequence[_Cell], plan: CostPlan, plugins: Sequence[Path], outfit_size: int
) -> Iterator[CostRecord | Failure]:
    """Measure the cells of one engine on one device, and write a record of each."""
    try:
        outcomes = profile_subjects(
            [_subject(cell, plugins) for cell in cells],
            engines=[cells[0].engine],
            devices=[cells[0].device],
            dataset=cells[0].fit.dataset,
            effort=plan.effort,
            outfit_size=outfit_size,
        )
    except InputError as error:
        yield from [_fail(cell, str(error)) for cell in cells]
        return
    for cell, outcome in zip(cells, outcomes, strict=True):
        if isinstance(outcome, FailedProfile):
            yield _fail(cell, outcome.reason, outcome.output)
        else:
            record = _record(outcome, cell)
            write_record(record, cell.folder)
            (cell.folder / ERROR_FILE).unlink(missing_ok=True)
            yield record


def _fail(cell: _Cell, reason: str, output: str = "") -> Failure:
    label = f"{cell.fit.label} · {cell.engine} · {cell.device}"
    with atomic_file(cell.folder / ERROR_FILE) as temporary:
        temporary.write_text(f"{label}: {reason}\n{output}", encoding="utf-8")
    return Failure(label, reason, cell.folder)


def _subject(cell: _Cell, plugins: Sequence[Path]) -> Subject:
    method = cell.fit.method
    assert cell.trained is not None, "a fit without a sound record is not measured"
    return Subject(
        model=method.model,
        num_users=cell.fit.dataset.num_users,
        label=method.name,
        weights=cell.place / WEIGHTS_FILE,
        backbone=method.backbone,
        options=method.options,
        input_kind=cell.trained.input_kind,
        input_size=cell.trained.input_size,
        plugins=tuple(plugins),
    )


def _record(profile: EngineProfile, cell: _Cell) -> CostRecord:
    return CostRecord(
        trial=content_hash(cell.description),
        description=cell.description,
        inputs={"weights": cell.fit.hash},
        dataset=cell.fit.dataset.name,
        evaluator_version=EVALUATOR_VERSION,
        machine=Machine.model_validate(profile.machine),
        **profile.model_dump(exclude={"machine"}),
    )
