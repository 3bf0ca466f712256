"""A fit from its description to its weights and record."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lightning_fabric import Fabric
from numpy.typing import NDArray

from ..core.files import sweep
from ..core.hashes import content_hash, file_hash
from ..core.machine import describe_machine
from ..core.progress import say
from ..evaluation.item_inputs import input_kind
from ..models.weights import WEIGHTS_FILE
from ..training.checkpoint import begun_environment
from ..training.environment import Device, choose_environment, enter_environment
from ..training.history import Distillation, Environment
from ..training.loop import FitTask, OnEpoch, Training, ignored
from ..training.method import Method
from ..training.neighbours import load_table
from ..training.network import Network, fresh_network, is_heavy, trained_network
from ..training.objectives.objective import FitContext
from ..training.precision import machine_key
from ..training.ranks import run_in_ranks
from ..training.teacher import Teacher
from .describing import chosen_objectives, create_objectives
from .plan import recombination_of, view_pairs_of
from .record_files import RECORD_FILE, file_of, load_record, write_record
from .records import FitRecord, NeighboursRecord
from .run_neighbours import TABLE_FILE
from .run_stem import stem_of
from .trial import FitTrial

__all__ = ["Begun", "begin_training", "run_fit", "weights_of"]

_NO_ORDER = 0.5
"""The AUC of scores that are all the same: ties count one half."""


def run_fit(
    trial: FitTrial, folder: Path, inputs: dict[str, Path], device: Device, on_epoch: OnEpoch = ignored
) -> FitRecord:
    """Train, and write the weights and then the record; an unfinished fit is gone on with.

    Args:
        trial: What to train.
        folder: Its own folder, where nobody else is at work.
        inputs: Folder of the finished trial of each role.
        device: "cpu" or "cuda", for a fit that begins here.
        on_epoch: Told of every epoch; may end the fit, without a record.

    Raises:
        TrainingStopped: If `on_epoch` does.
        TrainingError: If training diverges or the teacher learned nothing.
        InputError: If an input's files are missing, broken or altered since their record.
    """
    sweep(folder)
    recipe, heavy = trial.method.recipe, is_heavy(trial.method, trial.dataset)
    environment = begun_environment(folder, trial.label)
    if environment is None or environment.ranks != recipe.devices:
        chosen = choose_environment(device, recipe.precision, heavy=heavy, ranks=recipe.devices)
        moved = chosen.model_dump(include={"ranks", "threads"})
        environment = chosen if environment is None else environment.model_copy(update=moved)
    if environment.ranks == 1:
        _fit(trial, folder, inputs, environment, None, on_epoch)
    else:
        work = partial(_fit, trial, folder, inputs, environment)
        run_in_ranks(work, environment, recipe.strategy, on_epoch)
    record = load_record(folder / RECORD_FILE)
    assert isinstance(record, FitRecord)
    return record


def _fit(
    trial: FitTrial,
    folder: Path,
    inputs: dict[str, Path],
    environment: Environment,
    fabric: Fabric | None,
    on_epoch: OnEpoch,
) -> None:
    """What each process of a fit does; one alone does all, of several the first one writes."""
    started = time.perf_counter()
    method, dataset = trial.method, trial.dataset
    enter_environment(environment)
    start = weights_of(inputs["start"]) if "start" in inputs else None
    stem = stem_of(inputs["stem"]) if "stem" in inputs else None
    network = fresh_network(method, dataset, trial.seed, environment.device, start, stem)
    if start is not None:
        say(f"{trial.label}: starts from {trial.inputs['start'].label}: {_parts(network.taken_over)}")
    begun = begin_training(trial, method, network, inputs, folder, environment, fabric=fabric)
    distillation, warnings = begun.distillation, [*begun.warnings]
    prepared = time.perf_counter() - started
    training = begun.training
    trained = training.run(on_epoch)
    if fabric is not None and not fabric.is_global_zero:
        return
    progress = trained.progress
    if all(epoch.valid_auc == _NO_ORDER for epoch in progress.history[-2:]):
        warnings.append(
            "collapsed: its last validation AUCs are exactly 0.5, as of scores that are all the same"
        )
        say(f"{trial.label}: {warnings[-1]}", style="yellow")
    model = network.ship(trained.weights, folder / WEIGHTS_FILE)
    record = FitRecord(
        trial=trial.hash,
        description=trial.description.to_json(),
        inputs=trial.description.inputs,
        machine=describe_machine(),
        seconds={"prepare": prepared, "train": progress.seconds},
        method=method.name,
        model=method.model,
        backbone=model.backbone_name,
        input_kind=input_kind(dataset, method.items),
        input_size=method.image_size if model.input_kind == "image" else model.input_size,
        dataset=dataset.name,
        split_scheme=dataset.split_scheme,
        negatives=trial.negatives,
        seed=trial.seed,
        data_fingerprint=dataset.fingerprint,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        valid_auc=progress.history[progress.best_epoch - 1].valid_auc,
        best_epoch=progress.best_epoch,
        history=progress.history,
        recipe=method.recipe.effective(images=trial.sees_images, defaults=True),
        objectives={
            entry.name: options.model_dump(mode="json") for entry, options in chosen_objectives(method)
        },
        environment=environment,
        distillation=distillation,
        warnings=warnings,
        taken_over=dict(network.taken_over),
        weights=file_hash(folder / WEIGHTS_FILE),
    )
    write_record(record, folder)
    training.finish()


@dataclass(frozen=True)
class Begun:
    """A training that is ready to run.

    Attributes:
        training: It.
        distillation: What the teacher was found to say, if there is one.
        warnings: What a reader of the row should know; told already.
    """

    training: Training
    distillation: Distillation | None
    warnings: list[str]


def begin_training(
    trial: FitTrial,
    method: Method,
    network: Network,
    inputs: Mapping[str, Path],
    folder: Path,
    environment: Environment,
    label: str = "",
    fabric: Fabric | None = None,
) -> Begun:
    """What a fit is trained with, ready to run, or to go on from a checkpoint.

    Args:
        trial: Whose objectives, data and seed.
        method: The trial's own, or one with another recipe.
        network: What is trained.
        inputs: Folder of the finished trial of each role: "teacher", "neighbours".
        folder: Where checkpoints are kept.
        environment: What it computes in; entered already.
        label: What to call it; the trial's own name if empty.
        fabric: As for `Training`.

    Raises:
        TrainingError: If the teacher learned nothing.
        InputError: If an input's files are missing, broken or altered since their record.
    """
    label = label or trial.label
    teacher = _teacher(trial, inputs["teacher"], environment.device) if "teacher" in inputs else None
    objectives = create_objectives(method, network.model)
    told = [part.begin(FitContext(trial.dataset, teacher)) for _, part in objectives.values()]
    distillation = next((one.distillation for one in told if one.distillation), None)
    if teacher is not None and distillation is None:
        distillation = teacher.describe()
    warnings = [warning for one in told for warning in one.warnings]
    for warning in warnings:
        say(f"{label}: {warning}", style="yellow")
    task = FitTask(
        method,
        trial.dataset,
        trial.negatives,
        trial.seed,
        label,
        network.inputs,
        view_pairs_of(method),
        _neighbours(inputs["neighbours"]) if "neighbours" in inputs else None,
        recombination_of(method),
    )
    training = Training(task, network.model, objectives, teacher, folder, environment, fabric)
    return Begun(training, distillation, warnings)


def _parts(taken_over: Mapping[str, int]) -> str:
    """What of a network starts from other weights, for people."""
    return ", ".join(f"{part} ({count:,} numbers)" for part, count in taken_over.items())


def weights_of(folder: Path) -> Path:
    """The weights of a finished fit, held against its record: altered ones would be somebody else's.

    Raises:
        InputError: If they are missing or altered.
    """
    return file_of(folder, FitRecord, WEIGHTS_FILE, lambda record: record.weights)


def _teacher(trial: FitTrial, folder: Path, device: str) -> Teacher:
    teaching = trial.inputs["teacher"]
    assert isinstance(teaching, FitTrial)
    network = trained_network(teaching.method, trial.dataset, weights_of(folder), device)
    record = load_record(folder / RECORD_FILE)
    assert isinstance(record, FitRecord)
    state = {"teacher": teaching.hash, "weights": record.weights, "machine": machine_key(device)}
    return Teacher(
        network.model,
        trial.dataset,
        network.inputs,
        trial.negatives,
        held_out=teaching.validation_split,
        batch_size=trial.method.recipe.batch_size,
        kept=trial.dataset.cache / "taught" / content_hash(state),
    )


def _neighbours(folder: Path) -> NDArray:
    return load_table(file_of(folder, NeighboursRecord, TABLE_FILE, lambda record: record.table))
