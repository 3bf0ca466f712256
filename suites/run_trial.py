"""One trial from its description to its record."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import torch
from rich import get_console

from ..bench.file_hash import file_hash
from ..bench.machine import describe_machine
from ..bench.weights import WEIGHTS_FILE, load_weights
from ..datasets.cache import atomic_file, sweep
from ..models import OutfitModel, create_model
from . import objectives
from .evaluation import evaluate
from .item_inputs import ItemInputs
from .record_files import write_record
from .records import EVALUATOR_VERSION, Distillation, Machine, QualityRecord
from .training.batches import HARD_SHARE
from .training.distillation import Teacher
from .training.loop import Training
from .trial import Trial

__all__ = ["build_model", "run_trial"]


def run_trial(trial: Trial, folder: Path, teacher_folder: Path | None, device: str) -> QualityRecord:
    """Train, evaluate, and write the weights and then the record.

    Args:
        trial: What to run.
        folder: The trial's own folder, where nobody else is at work; an unfinished run there is gone on with.
        teacher_folder: Folder of the teacher's finished trial, for FND.
        device: "cpu" or "cuda".

    Raises:
        TrainingError: If training diverges or the teacher learned nothing.
        InputError: If the teacher's weights are missing or broken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder)
    seconds: dict[str, float] = {}
    started = time.perf_counter()
    inputs = ItemInputs(trial.dataset, trial.method.image_size)
    torch.manual_seed(trial.seed)
    model = build_model(trial, inputs).to(device)

    teacher, distillation, warnings = None, None, []
    if teacher_folder is not None and trial.teacher is not None:
        teacher, distillation = _teacher(trial, trial.teacher, teacher_folder, device)
        seconds["teacher"] = time.perf_counter() - started
        if warning := objectives.collapse_warning(distillation.mean_d, distillation.alpha):
            warnings.append(warning)
            get_console().print(f"{trial.label}: {warning}", style="yellow", highlight=False, soft_wrap=True)

    training = Training(trial, model, inputs, teacher, folder, device)
    trained = training.run()
    progress = trained.progress
    seconds["train"] = progress.seconds

    load_weights(model, trained.weights)
    weights = folder / WEIGHTS_FILE
    with atomic_file(weights) as temporary:
        shutil.copyfile(trained.weights, temporary)
    evaluation_started = time.perf_counter()
    scores = evaluate(model, trial.dataset, inputs, trial.dataset.candidates("test", trial.setting))
    seconds["evaluate"] = time.perf_counter() - evaluation_started

    record = QualityRecord(
        trial=trial.hash,
        description=trial.description,
        method=trial.method.name,
        model=trial.method.model,
        backbone=model.backbone_name,
        dataset=trial.dataset.name,
        split_scheme=trial.dataset.split_scheme,
        setting=trial.setting,
        seed=trial.seed,
        data_fingerprint=trial.dataset.fingerprint,
        candidate_fingerprint=trial.dataset.candidates("test", trial.setting).fingerprint,
        evaluator_version=EVALUATOR_VERSION,
        parameters=sum(p.numel() for p in model.parameters()),
        test=scores,
        valid_auc=progress.history[progress.best_epoch - 1].valid_auc,
        best_epoch=progress.best_epoch,
        history=progress.history,
        distillation=distillation,
        warnings=warnings,
        machine=Machine.model_validate(describe_machine()),
        seconds=seconds,
        weights=file_hash(weights),
    )
    write_record(record, folder)
    training.finish()
    return record


def build_model(trial: Trial, inputs: ItemInputs) -> OutfitModel:
    """The trial's model, initialised from torch's current seed."""
    return create_model(
        trial.method.model,
        num_users=trial.dataset.num_users,
        backbone=trial.method.backbone,
        input_kind=inputs.kind,
        feature_size=inputs.size,
        pretrained=trial.method.pretrained,
    )


def _teacher(trial: Trial, teaching: Trial, folder: Path, device: str) -> tuple[Teacher, Distillation]:
    """The frozen teacher of an FND trial, and what its distillation will do."""
    assert trial.method.alpha is not None  # Method refuses "fnd" without
    assert trial.method.alpha_mode is not None
    inputs = ItemInputs(trial.dataset, teaching.method.image_size)
    model = build_model(teaching, inputs)
    load_weights(model, folder / WEIGHTS_FILE)
    teacher = Teacher(model.to(device), trial.dataset, inputs, trial.method.alpha, trial.method.alpha_mode)
    return teacher, teacher.describe(teaching.hash, HARD_SHARE[trial.setting])
