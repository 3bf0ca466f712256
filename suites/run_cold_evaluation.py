"""A cold evaluation: weights of a fit or of a variant rank for users on whom nothing was trained."""

from __future__ import annotations

import time
from pathlib import Path

from ..core.machine import describe_machine
from ..evaluation.cold_start import cold_user_scores, rank_cold_users
from ..evaluation.user_scores import ColdStart
from ..training.environment import Device, enter_environment
from .cold_trial import ColdTrial
from .ranking_network import parameters_left, ranking_network
from .record_files import write_record
from .records import EVALUATOR_VERSION, QualityRecord
from .run_variant import trained_subject
from .trial import engine_of

__all__ = ["run_cold_evaluation"]


def run_cold_evaluation(
    trial: ColdTrial, folder: Path, inputs: dict[str, Path], device: Device
) -> QualityRecord:
    """Score and rank in every draw of what is known, and write the record; each item is encoded once.

    It computes with the fit's number of threads, so that the last bits do not depend on who ranks.

    Args:
        trial: For whom to rank, and how.
        folder: Its own folder.
        inputs: Folder of the finished fit or variant, as "weights".
        device: "cpu" or "cuda".

    Raises:
        InputError: If the weights are missing, broken or altered since their record.
    """
    started = time.perf_counter()
    ranks = trial.inputs["weights"]
    fit, subject = trained_subject(ranks, inputs["weights"])
    enter_environment(fit.environment.model_copy(update={"device": device}))
    sibling, histories, candidates = trial.sibling, trial.histories, trial.candidates
    network = ranking_network(ranks, trial.fit, subject, device, items_of=sibling)
    found = cold_user_scores(network.model, sibling, network.inputs, histories, candidates, trial.strategy)
    ranking = rank_cold_users(found.scores, candidates, sibling.num_users)
    described = trial.description
    record = QualityRecord(
        trial=trial.hash,
        description=described.to_json(),
        inputs=described.inputs,
        setting=trial.setting,
        candidate_fingerprint=described.candidates,
        evaluator_version=EVALUATOR_VERSION,
        test=ranking.test,
        fit=fit,
        variant=subject.variant,
        engine=engine_of(ranks),
        parameters=parameters_left(subject, fit),
        cold=ColdStart(
            dataset=sibling.name,
            data_fingerprint=described.cold_data,
            known=trial.known,
            draws=described.draws,
            histories=described.histories,
            too_few=histories.too_few,
            strategy=trial.strategy,
            options=described.options,
            spread=ranking.spread,
            neighbours=found.neighbourhoods.mean_size if found.neighbourhoods else None,
            alone=found.neighbourhoods.alone if found.neighbourhoods else None,
        ),
        machine=describe_machine(),
        seconds={"evaluate": time.perf_counter() - started},
    )
    write_record(record, folder)
    return record
