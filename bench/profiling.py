"""What models cost: every quantity of every model in every engine, measured in turns.

What is measured stands in `engine_profile`.
"""

from __future__ import annotations

import datetime
import itertools
import traceback
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ..core.errors import Fault, InputError
from ..core.machine import accelerator_name, describe_machine, usable_cores
from ..core.plugins import why
from ..core.progress import tracked
from ..datasets.dataset import Dataset
from ..models.errors import ModelError
from .effort import QUICK, Effort
from .engine_profile import EngineProfile, FailedProfile
from .engines import DEVICES, check_engine
from .errors import EngineError, ParityError
from .measured_cell import MeasuredCell
from .other_load import OtherLoad
from .preparation import Prepared, prepare, with_export
from .recommend import write_workload
from .request import OUTFIT_SIZE
from .scratch import scratch_folder
from .subject import Subject
from .worker_process import WorkerProcess

__all__ = ["profile", "profile_subjects"]


def profile(
    models: str | Sequence[str],
    *,
    num_users: int = 630,
    engines: Sequence[str] = ("torch", "onnxruntime"),
    devices: Sequence[str] = ("cpu",),
    image_size: int | None = None,
    dataset: Dataset | None = None,
    effort: Effort = QUICK,
    outfit_size: int | None = None,
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
        outfit_size: Items of an outfit in a request; None for the dataset's, else 3.

    Returns:
        One profile for each model, engine and device, in that order.

    Raises:
        InputError: For an unknown engine, a device that is unknown or absent, or a dataset that lacks what
            the models take.
        ModelError: For an unknown model.
        EngineError: If an engine cannot run here. As for the other errors: what fails first in the order of
            the profiles is raised, after all are measured; `profile_subjects` gives those that succeed.
        ParityError: If an engine answers otherwise than PyTorch.
    """
    names = [models] if isinstance(models, str) else list(models)
    users = num_users if dataset is None else dataset.num_users
    subjects = [Subject(model=name, num_users=users, input_size=image_size) for name in names]
    profiles = []
    for outcome in profile_subjects(
        subjects, engines=engines, devices=devices, dataset=dataset, effort=effort, outfit_size=outfit_size
    ):
        if isinstance(outcome, FailedProfile):
            raise outcome.error
        profiles.append(outcome)
    return profiles


def profile_subjects(
    subjects: Sequence[Subject],
    *,
    engines: Sequence[str] = ("torch", "onnxruntime"),
    devices: Sequence[str] = ("cpu",),
    dataset: Dataset | None = None,
    effort: Effort = QUICK,
    outfit_size: int | None = None,
) -> Iterator[EngineProfile | FailedProfile]:
    """Measure models with given weights, all in turns, so that drift of the machine hits all alike.

    Each (model, engine, device) lives in a process of its own that imports that engine alone; one is awake
    at a time. What fails, fails by itself. As all take turns, all are ready at the same time: the first
    outcome comes when the last is measured.

    Args:
        subjects: The models.
        engines: As for `profile`.
        devices: As for `profile`.
        dataset: As for `profile`.
        effort: How much to measure.
        outfit_size: As for `profile`.

    Returns:
        One outcome for each subject, engine and device, in that order.

    Raises:
        InputError: At the call, before anything is measured: for an unknown engine, a device that is unknown
            or absent, or a dataset that lacks what the models take.
    """
    _check(engines, devices)
    if outfit_size is not None and outfit_size < 1:
        raise InputError(Fault("argument outfit_size", str(outfit_size), "one item at least"))
    if dataset is not None and effort.recommend_runs:
        for subject in subjects:
            _check_items(subject, dataset)
    if outfit_size is None:
        outfit_size = OUTFIT_SIZE if dataset is None else dataset.outfit_size
    places = list(itertools.product(range(len(subjects)), engines, devices))
    return _outcomes(subjects, places, dataset, effort, outfit_size)


class _Cell:
    """One outcome in the making: its worker, then its model, then its measurements or what went wrong."""

    def __init__(self, subject: Subject, engine: str, device: str, worker: WorkerProcess) -> None:
        self.subject = subject
        self.engine = engine
        self.device = device
        self.worker = worker
        self.prepared: Prepared | None = None
        self.measured: MeasuredCell | None = None
        self.failure: FailedProfile | None = None

    def attempt(self, step: Callable[[], object]) -> None:
        """Do a step, unless an earlier one failed; an error ends this cell alone."""
        if self.failure is not None:
            return
        try:
            step()
        except Exception as error:  # a stranger's model or engine may raise anything
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Note why there will be no measurements; the process is let go."""
        expected = isinstance(error, EngineError | ParityError | InputError | ModelError)
        output = error.output if isinstance(error, EngineError) else ""
        self.failure = FailedProfile(
            method=self.subject.label or self.subject.model,
            engine=self.engine,
            device=self.device,
            reason=str(error) if expected else why(error),
            output=output if expected else "".join(traceback.format_exception(error)),
            error=error,
        )
        self.worker.close()

    def enter(self, prepared: Prepared, threads: int, effort: Effort, session: str) -> None:
        """Make the cell ready to be measured."""
        self.measured = MeasuredCell(
            self.worker, prepared, self.engine, self.device, threads, effort, session
        )


def _outcomes(
    subjects: Sequence[Subject],
    places: Sequence[tuple[int, str, str]],
    dataset: Dataset | None,
    effort: Effort,
    outfit_size: int,
) -> Iterator[EngineProfile | FailedProfile]:
    machine, threads, session = describe_machine(), usable_cores(), uuid.uuid4().hex[:16]
    with scratch_folder() as scratch, ExitStack() as workers:
        # The workers import their engines while the models are prepared here.
        cells = [
            _Cell(
                subjects[number],
                engine,
                device,
                workers.enter_context(WorkerProcess(engine, subjects[number].plugins)),
            )
            for number, engine, device in places
        ]
        for number, subject in enumerate(tracked(subjects, "prepare models")):
            own = [cell for cell, place in zip(cells, places, strict=True) if place[0] == number]
            _prepare(own, subject, outfit_size, scratch / str(number))
        for cell in cells:
            cell.attempt(cell.worker.wait_until_imported)
            if cell.prepared is not None and cell.failure is None:
                cell.enter(cell.prepared, threads, effort, session)
        load = OtherLoad()
        for cell in tracked(cells, "load models"):
            cell.attempt(lambda cell=cell: _run(cell).load())
        for cell in tracked(cells * effort.rounds, "measure in turns"):
            cell.attempt(lambda cell=cell: _run(cell).turn())
        _recommend([cell for cell in cells if cell.failure is None], dataset, effort, scratch)
        flags = load.flags()
        for cell in cells:
            if cell.failure is None:
                profiles: list[EngineProfile] = []
                cell.attempt(
                    lambda cell=cell, into=profiles: into.append(
                        _profile_of(_run(cell), machine, flags, effort.batch, session)
                    )
                )
                yield from profiles
            if cell.failure is not None:
                yield cell.failure


def _run(cell: _Cell) -> MeasuredCell:
    assert cell.measured is not None, "a cell that did not fail was entered"
    return cell.measured


def _prepare(cells: Sequence[_Cell], subject: Subject, outfit_size: int, scratch: Path) -> None:
    """Prepare one subject for its cells; an export that fails is the fault of those alone that need it."""
    try:
        prepared = prepare(subject, outfit_size, scratch)
    except Exception as error:  # a stranger's model may raise anything
        for cell in cells:
            cell.fail(error)
        return
    exporting = []
    for cell in cells:
        cell.prepared = prepared
        cell.attempt(lambda cell=cell: exporting.append(cell) if cell.worker.needs_export else None)
    if exporting:
        try:
            exported = with_export(prepared, scratch)
        except Exception as error:
            for cell in exporting:
                cell.fail(error)
            return
        for cell in exporting:
            cell.prepared = exported


def _recommend(cells: Sequence[_Cell], dataset: Dataset | None, effort: Effort, scratch: Path) -> None:
    if dataset is None or effort.recommend_runs == 0:
        for cell in cells:
            _run(cell).flag("recommend", "no dataset" if dataset is None else "not asked for")
        return
    for kind in sorted({cell.subject.input_kind for cell in cells}):
        folder = scratch / f"candidates-{kind}"
        folder.mkdir()
        kept, total = write_workload(
            dataset, folder, images=kind == "image", limit=effort.recommend_candidates
        )
        ours = [cell for cell in cells if cell.subject.input_kind == kind]
        for cell in tracked(ours, "warm up on every user"):
            cell.attempt(lambda cell=cell, folder=folder: _run(cell).warm_recommend(folder))
        for cell in tracked(ours * effort.recommend_runs, "recommend to every user"):
            cell.attempt(lambda cell=cell, folder=folder: _run(cell).recommend(folder))
        if kept < total:
            for cell in ours:
                _run(cell).flag("recommend", f"{kept} of {total} candidates")


def _check(engines: Sequence[str], devices: Sequence[str]) -> None:
    for engine in engines:
        check_engine(engine)
    for device in devices:
        if device not in DEVICES:
            raise InputError(Fault("argument device", repr(device), f"one of {', '.join(DEVICES)}"))
        if device == "cuda" and accelerator_name() is None:
            raise InputError(
                Fault("argument device", "cuda without a CUDA device", "a device this machine has")
            )


def _check_items(subject: Subject, dataset: Dataset) -> None:
    """Refuse a model that the dataset's items cannot be shown to."""
    where = f"dataset {dataset.name}, model {subject.label or subject.model}"
    vectors = dataset.vectors
    if subject.input_kind == "image" and dataset.pictures is None:
        raise InputError(
            Fault(where, "items without images", "images, which the model takes", "leave the dataset out")
        )
    if subject.input_kind == "features" and vectors is None:
        raise InputError(
            Fault(where, "items without features", "features, which the model takes", "leave the dataset out")
        )
    width = subject.input_size
    if subject.input_kind == "features" and vectors is not None and width not in (None, vectors.size):
        raise InputError(Fault(where, f"features of {vectors.size} numbers", f"{width}, the model's width"))


def _profile_of(
    run: MeasuredCell, machine: dict[str, Any], flags: list[str], batch: int, session: str
) -> EngineProfile:
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
        outfit_size=run.prepared.outfit_size,
        measurements=run.measurements(),
        parity=run.parity,
        flags=flags,
        machine=machine,
        session=session,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )
