"""A variant: what compression makes of a fit's weights."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..bench.agreement import agreement, parity_flags
from ..bench.graph_products import products_by_bits
from ..bench.sample import draw_sample
from ..bench.subject import Subject
from ..bench.variants import load_variant, make_variant, steps_after, trained_parts
from ..core.errors import Fault, InputError
from ..core.files import sweep
from ..core.hashes import file_hash
from ..core.machine import describe_machine
from ..training.checkpoint import Checkpoint
from ..training.environment import Device
from ..training.loop import OnEpoch, ignored
from .fine_tuning import fine_tune
from .record_files import RECORD_FILE, held, load_record, write_record
from .records import FitRecord, VariantRecord
from .run_fit import weights_of
from .trial import FitTrial, Trial, VariantTrial, engine_of, fit_of

__all__ = ["VARIANT_FILES", "held_variant", "run_variant", "trained_subject"]

VARIANT_FILES = "files"
"""Where a variant's files lie in its trial's folder."""


def run_variant(
    trial: VariantTrial,
    folder: Path,
    inputs: dict[str, Path],
    device: Device,
    on_epoch: OnEpoch = ignored,
) -> VariantRecord:
    """Compress, train on what is to be trained on, and write the files and then the record.

    Args:
        trial: What to make.
        folder: Its own folder, where nobody else is at work.
        inputs: Folder of the finished fit, as "weights", and of the trial of each other role.
        device: For training; compression runs on the CPU.
        on_epoch: Told of every epoch of a training; may end it, without a record.

    Raises:
        InputError: If weights are missing, broken or altered since their record, or there is nothing to
            compress, or nothing to compress by.
        EngineError: If the variant is made of an export, and the exporter cannot follow the model.
        TrainingStopped: If `on_epoch` ends it.
        TrainingError: If training diverges.
    """
    sweep(folder)
    started = time.perf_counter()
    files = folder / VARIANT_FILES
    shutil.rmtree(files, ignore_errors=True)  # its process died before the record
    fit = load_record(inputs["weights"] / RECORD_FILE)
    assert isinstance(fit, FitRecord)
    fitted = _fitted(trial.fit, fit, weights_of(inputs["weights"]), ())
    base, part = fitted, ""
    if "made" in inputs:
        before = trial.inputs["made"]
        assert isinstance(before, VariantTrial)
        base, part = trained_subject(before, inputs["made"])[1], before.variant
    make_variant(steps_after(trial.variant, part), base, files, dataset=trial.dataset)
    made = load_variant(trial.variant, fitted, files)
    fine_tuning = None
    if trial.variant in trained_parts(trial.variant):
        assert made.weights is not None, "what is trained on has weights"
        fine_tuning = fine_tune(trial, made.weights, folder, inputs, device, on_epoch)
    compressed = time.perf_counter()
    agrees = agreement(fitted, made, draw_sample(trial.dataset, fitted), engine_of(trial))
    written = sorted(path for path in files.rglob("*") if path.is_file())
    record = VariantRecord(
        trial=trial.hash,
        description=trial.description.to_json(),
        inputs=trial.description.inputs,
        machine=describe_machine(),
        seconds={"make": compressed - started, "compare": time.perf_counter() - compressed},
        fit=fit,
        variant=trial.variant,
        files={path.relative_to(files).as_posix(): file_hash(path) for path in written},
        bytes=sum(path.stat().st_size for path in written),
        engine=engine_of(trial),
        agreement=agrees,
        operators=products_by_bits(files),
        flags=parity_flags(trial.variant, agrees),
        fine_tuning=fine_tuning,
    )
    write_record(record, folder)
    Checkpoint(folder).clear()
    return record


def trained_subject(
    trial: Trial[Any], folder: Path, plugins: Sequence[Path] = ()
) -> tuple[FitRecord, Subject]:
    """A finished fit, or a finished variant of one, as engines load it.

    Args:
        trial: A fit or a variant.
        folder: Its folder.
        plugins: Files that register what the model is made of.

    Returns:
        The fit's record; the model.

    Raises:
        InputError: If files are missing or altered since their record.
    """
    record = load_record(folder / RECORD_FILE)
    if isinstance(record, VariantRecord):
        return record.fit, held_variant(record, _fitted(fit_of(trial), record.fit, None, plugins), folder)
    if not isinstance(record, FitRecord):
        raise InputError(Fault(folder / RECORD_FILE, f"a {record.kind} record", "the record of a fit"))
    return record, _fitted(fit_of(trial), record, weights_of(folder), plugins)


def held_variant(record: VariantRecord, subject: Subject, folder: Path) -> Subject:
    """A finished variant of a model, from files held against their record.

    Args:
        record: The variant's.
        subject: The model.
        folder: The variant's.

    Raises:
        InputError: If files are missing or altered since their record.
    """
    files = folder / VARIANT_FILES
    for name, hashed in record.files.items():
        held(files / name, hashed)
    return load_variant(record.variant, subject, files)


def _fitted(trial: FitTrial, fit: FitRecord, weights: Path | None, plugins: Sequence[Path]) -> Subject:
    method = trial.method
    return Subject(
        model=method.model,
        num_users=trial.dataset.num_users,
        num_categories=len(trial.dataset.categories),
        label=method.name,
        weights=weights,
        backbone=method.backbone,
        options=method.options,
        input_kind=fit.input_kind,
        input_size=fit.input_size,
        plugins=tuple(plugins),
    )
