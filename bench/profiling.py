"""What models cost: every model in every engine under every workload, measured in turns."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import psutil

from ..core.affinity import chosen_cores
from ..core.errors import Fault, InputError
from ..core.machine import accelerator_name, describe_machine, usable_cores
from ..core.progress import tracked
from ..core.scratch import scratch_folder
from ..datasets.dataset import Dataset
from .ceiling_gauge import CeilingGauge, Reading, pooled, slowed
from .effort import QUICK, Effort
from .engine_profile import EngineProfile, FailedProfile
from .engines import DEVICES, ENGINES, check_engine
from .errors import EngineError
from .measured_cell import MeasuredCell, attempt
from .other_load import OtherLoad
from .preparation import Prepared, prepare, with_export
from .request import OUTFIT_SIZE
from .seat import Seat
from .subject import Subject
from .variants import runs_in
from .workloads import WORKLOADS, check_workload, default_workloads

__all__ = ["Place", "profile", "profile_places", "profile_subjects"]

_MOST_ALIVE = 32
"""Processes that are alive at a time: all but one wait for their turn, without a processor."""

_BYTES_ALIVE = 640 << 20
"""Of a process with an engine and a model, about."""


class Place(NamedTuple):
    """What is measured in one process.

    Attributes:
        subject: Number of the model among those that are given.
        engine: Name of `ENGINES`, or `module:Class` of your own.
        device: "cpu" or "cuda".
    """

    subject: int
    engine: str
    device: str


def profile(
    models: str | Sequence[str],
    *,
    num_users: int = 630,
    engines: Sequence[str] = ("torch", "onnxruntime"),
    devices: Sequence[str] = ("cpu",),
    workloads: Sequence[str] | None = None,
    image_size: int | None = None,
    dataset: Dataset | None = None,
    effort: Effort = QUICK,
    outfit_size: int | None = None,
) -> list[EngineProfile]:
    """Measure models of the zoo with random weights: what a model costs does not hang on its values.

    Args:
        models: Names of the zoo.
        num_users: How many users a model knows; the dataset's where there is one.
        engines: Names of `ENGINES`, or `module:Class` of your own.
        devices: "cpu" and "cuda".
        workloads: By name; None for the six that suites measure, without those that need a dataset where
            there is none.
        image_size: H = W of the images in pixels; None for each model's own.
        dataset: For workloads that need one: "recommend" ranks its test candidates.
        effort: How much to measure.
        outfit_size: Items of an outfit in a request; None for the dataset's, else 3.

    Returns:
        One profile for each workload, model, engine and device, in that order.

    Raises:
        InputError: For an unknown engine or workload, a device that is unknown or absent, or a dataset that
            is lacking or lacks what the models take.
        ModelError: For an unknown model.
        EngineError: If an engine cannot run here. As for the other errors: what fails first in the order of
            the profiles is raised, after all are measured; `profile_subjects` gives those that succeed.
        ParityError: If an engine answers otherwise than PyTorch.
    """
    names = [models] if isinstance(models, str) else list(models)
    users = num_users if dataset is None else dataset.num_users
    subjects = [Subject(model=name, num_users=users, input_size=image_size) for name in names]
    outcomes = profile_subjects(
        subjects,
        engines=engines,
        devices=devices,
        workloads=workloads,
        dataset=dataset,
        effort=effort,
        outfit_size=outfit_size,
    )
    profiles: list[EngineProfile] = []
    failed: list[FailedProfile] = []
    for outcome in outcomes:
        if isinstance(outcome, FailedProfile):
            failed.append(outcome)
        else:
            profiles.append(outcome)
    if failed:
        raise failed[0].error
    return profiles


def profile_subjects(
    subjects: Sequence[Subject],
    *,
    engines: Sequence[str] = ("torch", "onnxruntime"),
    devices: Sequence[str] = ("cpu",),
    workloads: Sequence[str] | None = None,
    dataset: Dataset | None = None,
    effort: Effort = QUICK,
    outfit_size: int | None = None,
    threads: int | None = None,
) -> Iterator[EngineProfile | FailedProfile]:
    """Measure models with given weights, each in every engine on every device; see `profile_places`.

    Args:
        subjects: The models.
        engines: As for `profile`.
        devices: As for `profile`.
        workloads: As for `profile`.
        dataset: As for `profile`.
        effort: How much to measure.
        outfit_size: As for `profile`.
        threads: As for `profile_places`.

    Returns:
        One outcome for each workload, subject, engine and device, in that order.

    Raises:
        InputError: As `profile_places`.
    """
    return profile_places(
        subjects,
        [Place(*one) for one in itertools.product(range(len(subjects)), engines, devices)],
        workloads=workloads,
        dataset=dataset,
        effort=effort,
        outfit_size=outfit_size,
        threads=threads,
    )


def profile_places(
    subjects: Sequence[Subject],
    places: Sequence[Place],
    *,
    workloads: Sequence[str] | None = None,
    dataset: Dataset | None = None,
    effort: Effort = QUICK,
    outfit_size: int | None = None,
    threads: int | None = None,
) -> Iterator[EngineProfile | FailedProfile]:
    """Measure models with given weights, all in turns, so that drift of the machine hits all alike.

    Each place has a process of its own that imports its engine alone; one is awake at a time, and as many are
    alive as memory has room for, 32 at most. Of more, one group after the other takes turns at a workload, in
    processes that start anew for it; each group is a session of its own, as ratios between groups would hold
    the machine's drift. What fails, fails by itself. All take turns at a workload, so all are ready with it
    at the same time; its outcomes come before the next one is begun.

    Args:
        subjects: The models.
        places: Which of them runs in which engine, on which device.
        workloads: As for `profile`.
        dataset: As for `profile`.
        effort: How much to measure.
        outfit_size: As for `profile`.
        threads: Of every engine; None for as many as there are cores that may be used.

    Returns:
        One outcome for each workload and place, in that order.

    Raises:
        InputError: At the call, before anything is measured: for an unknown engine, a device that is unknown
            or absent, or a dataset that lacks what the models take.
    """
    for place in places:
        _check(place)
    if workloads is None:
        workloads = default_workloads(dataset=dataset is not None)
    needy = [name for name in workloads if check_workload(name).needs_dataset]
    if needy and dataset is None:
        raise InputError(Fault(f"workload {needy[0]}", "no dataset", "one, whose items it takes"))
    if threads is not None and not 1 <= threads <= usable_cores():
        raise InputError(Fault("argument threads", str(threads), f"1 to {usable_cores()}, the usable cores"))
    if outfit_size is not None and outfit_size < 1:
        raise InputError(Fault("argument outfit_size", str(outfit_size), "one item at least"))
    if dataset is not None and needy:
        for subject in subjects:
            _check_items(subject, dataset)
    if outfit_size is None:
        outfit_size = OUTFIT_SIZE if dataset is None else dataset.outfit_size
    return _outcomes(places, subjects, workloads, dataset, effort, outfit_size, threads or usable_cores())


def _outcomes(
    places: Sequence[Place],
    subjects: Sequence[Subject],
    workloads: Sequence[str],
    dataset: Dataset | None,
    effort: Effort,
    outfit_size: int,
    threads: int,
) -> Iterator[EngineProfile | FailedProfile]:
    machine, alive = describe_machine(), _alive()
    with scratch_folder() as scratch, ExitStack() as closing:
        seats = [
            Seat(subjects[number], engine, device, threads, effort, scratch)
            for number, engine, device in places
        ]
        for seat in seats:
            closing.callback(seat.close)
        groups = [seats[first : first + alive] for first in range(0, len(seats), alive)]
        sessions = [uuid.uuid4().hex[:16] for _ in groups]
        # Where all may be alive at once they are, and import the engines while the models are prepared here.
        stay = len(groups) == 1
        for seat in seats if stay else []:
            seat.start()
        for number, subject in enumerate(tracked(subjects, "prepare models")):
            own = [seat for seat, place in zip(seats, places, strict=True) if place.subject == number]
            _prepare(own, subject, outfit_size, scratch / str(number))
            for seat in [] if stay else own:
                seat.close()
        for seat in tracked(seats, "load models"):
            _attempt(seat, seat.load)
            if not stay:
                seat.close()
        here = [seat for seat in seats if seat.device == "cpu"]
        gauge = CeilingGauge(threads, [seat.precision for seat in here]) if here else None
        for number, name in enumerate(workloads, 1):
            label = f"measure {name} in turns, workload {number} of {len(workloads)}"
            laid_out = _lay_out(name, seats, dataset, effort, scratch)
            turns = WORKLOADS.get(name)().turns(effort)
            for group, session in zip(groups, sessions, strict=True):
                cells = [
                    MeasuredCell(seat, name, effort, session, laid_out[seat.subject.input_kind].failure)
                    for seat in group
                ]
                load = OtherLoad(chosen_cores(threads))
                readings: list[Reading] = []
                for cell in tracked(cells * turns, label):
                    if gauge is not None and cell is cells[0]:
                        readings.append(gauge.read())
                    cell.turn(laid_out[cell.seat.subject.input_kind].folder)
                if gauge is not None:
                    readings.append(gauge.read())
                row_flags = [*load.flags(), *slowed(readings)]
                ceiling = pooled(readings, session) if readings else None
                for cell in cells:
                    if not stay:
                        cell.seat.close()
                    flags = laid_out[cell.seat.subject.input_kind].flags
                    yield cell.outcome(flags, row_flags, machine, ceiling)


def _alive() -> int:
    """How many processes memory has room for now."""
    return max(1, min(_MOST_ALIVE, psutil.virtual_memory().available // _BYTES_ALIVE))


def _attempt(seat: Seat, step: Callable[[], object]) -> None:
    """Do a step, unless an earlier one failed; an error ends this seat alone."""
    if seat.failure is None:
        seat.failure = attempt(step)
        if seat.failure is not None:
            seat.close()


def _prepare(seats: Sequence[Seat], subject: Subject, outfit_size: int, scratch: Path) -> None:
    """Prepare one subject for its seats; an export that fails is the fault of those alone that need it."""
    made: list[Prepared] = []
    failure = attempt(lambda: made.append(prepare(subject, outfit_size, scratch)))
    exporting: list[Seat] = []
    for seat in seats:
        seat.prepared, seat.failure = (made[0] if made else None), failure
        _attempt(seat, lambda seat=seat: exporting.append(seat) if _runs_graphs(seat) else None)
    if not exporting:
        return
    exported: list[Prepared] = []
    failure = attempt(lambda: exported.append(with_export(made[0], scratch)))
    for seat in exporting:
        seat.prepared, seat.failure = (exported[0] if exported else None), failure
        if failure is not None:
            seat.close()


def _runs_graphs(seat: Seat) -> bool:
    """Whether a seat's engine runs graphs.

    Raises:
        EngineError: If its model is a variant that the engine does not run: graphs, or what another one does.
    """
    subject = seat.subject
    if subject.variant and (
        not runs_in(subject.variant, seat.engine) or (subject.graphs and not seat.needs_export)
    ):
        able = ", ".join(name for name in ENGINES.names() if runs_in(subject.variant, name))
        raise EngineError(
            f"engine {seat.engine}: found variant {subject.variant}, which it does not run, "
            f"expected an engine that does: {able}"
        )
    return seat.needs_export


class _LaidOut(NamedTuple):
    """What a workload reads, and the flags of what it holds; or why there is nothing to read."""

    folder: Path | None = None
    flags: Sequence[str] = ()
    failure: Exception | None = None


def _lay_out(
    name: str, seats: Sequence[Seat], dataset: Dataset | None, effort: Effort, scratch: Path
) -> dict[str, _LaidOut]:
    """By what models take; what cannot be laid out fails for those that take it."""
    workload = WORKLOADS.get(name)()

    def lay_out(kind: str) -> _LaidOut:
        if dataset is None or not workload.needs_dataset:
            return _LaidOut()
        folder, flags = scratch / f"{name}-{kind}", []
        folder.mkdir()
        items = dataset
        failure = attempt(lambda: flags.extend(workload.lay_out(items, kind, folder, effort)))
        return _LaidOut(folder, flags, failure)

    return {kind: lay_out(kind) for kind in sorted({seat.subject.input_kind for seat in seats})}


def _check(place: Place) -> None:
    check_engine(place.engine)
    if place.device not in DEVICES:
        raise InputError(Fault("argument device", repr(place.device), f"one of {', '.join(DEVICES)}"))
    if place.device == "cuda" and accelerator_name() is None:
        raise InputError(Fault("argument device", "cuda without a CUDA device", "a device this machine has"))


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
