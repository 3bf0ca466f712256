"""An evaluation: the weights of a fit, or of a variant of it, rank the test candidates of a setting."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from ..core.errors import Fault, InputError
from ..core.machine import describe_machine
from ..evaluation.scoring import evaluate
from ..training.environment import Device, enter_environment
from ..training.errors import TrainingError
from ..training.network import trained_network
from .record_files import write_record
from .records import EVALUATOR_VERSION, QualityRecord
from .run_variant import trained_subject
from .trial import EvaluationTrial

__all__ = ["run_evaluation"]


def run_evaluation(
    trial: EvaluationTrial, folder: Path, inputs: dict[str, Path], device: Device
) -> QualityRecord:
    """Rank, measure the ranking per user, and write the record.

    It computes with the fit's number of threads, so that the last bits do not depend on who ranks.

    Args:
        trial: What to rank.
        folder: Its own folder.
        inputs: Folder of the finished fit or variant, as "weights".
        device: "cpu" or "cuda".

    Raises:
        InputError: If the weights are missing, broken or altered since their record.
        TrainingError: If no user can be ranked.
    """
    started = time.perf_counter()
    fit, subject = trained_subject(trial.inputs["weights"], inputs["weights"])
    if subject.weights is None:
        raise InputError(Fault(f"variant {subject.variant}", "no weights", "weights that PyTorch can load"))
    enter_environment(fit.environment.model_copy(update={"device": device}))
    network = trained_network(trial.fit.method, trial.dataset, subject.weights, device)
    candidates = trial.dataset.candidates("test", trial.setting)
    scores = evaluate(network.model, trial.dataset, network.inputs, candidates)
    if not np.isfinite(scores.auc).all() or not scores.users:
        raise TrainingError(f"{trial.label}: found no user to rank, expected one at least")
    record = QualityRecord(
        trial=trial.hash,
        description=trial.description.to_json(),
        inputs=trial.description.inputs,
        machine=describe_machine(),
        seconds={"evaluate": time.perf_counter() - started},
        fit=fit,
        variant=subject.variant,
        setting=trial.setting,
        candidate_fingerprint=candidates.fingerprint,
        evaluator_version=EVALUATOR_VERSION,
        test=scores,
    )
    write_record(record, folder)
    return record
