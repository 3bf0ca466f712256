"""An evaluation: weights of a fit or of a variant, or a scorer without any, rank the test candidates."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import Fault, InputError
from ..core.machine import describe_machine
from ..datasets import CandidateSet, OutfitTable
from ..evaluation.scorers import SCORERS
from ..evaluation.scoring import scoring_of
from ..evaluation.user_rankings import Scoring, rank_as_others_too, rank_users
from ..training.environment import Device, enter_environment
from ..training.errors import TrainingError
from ..training.history import Environment
from .ranking_network import parameters_left, ranking_network
from .record_files import write_record
from .records import EVALUATOR_VERSION, QualityRecord, ScorerRecord
from .run_variant import trained_subject
from .trial import EvaluationTrial, ScorerTrial, engine_of

__all__ = ["run_evaluation", "run_scorer"]

_SEED = 0
"""A fit shuffles the users with its own seed, so that several of them also average over who stands in for
whom; a scorer has none."""


def run_evaluation(
    trial: EvaluationTrial, folder: Path, inputs: dict[str, Path], device: Device
) -> QualityRecord:
    """Rank, measure the ranking per user, and write the record; each item is encoded once for all of it.

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
    ranks = trial.inputs["weights"]
    fit, subject = trained_subject(ranks, inputs["weights"])
    enter_environment(fit.environment.model_copy(update={"device": device}))
    network = ranking_network(ranks, trial.fit, subject, device)
    candidates = trial.dataset.candidates("test", trial.setting)
    score = scoring_of(network.model, trial.dataset, network.inputs, candidates)
    record = QualityRecord(
        **_ranked(trial, score, candidates, fit.seed, started),
        inputs=trial.description.inputs,
        fit=fit,
        variant=subject.variant,
        engine=engine_of(ranks),
        parameters=parameters_left(subject, fit),
    )
    write_record(record, folder)
    return record


def run_scorer(trial: ScorerTrial, folder: Path, inputs: dict[str, Path], device: Device) -> ScorerRecord:
    """Rank with a scorer, measure the ranking per user, and write the record.

    It computes on one thread, so that one that uses torch gives the same bits on any number of cores.

    Args:
        trial: What to rank.
        folder: Its own folder.
        inputs: None.
        device: No matter: a scorer is no network.

    Raises:
        InputError: If the dataset has not what the scorer needs, or it gives not a number for each outfit.
        TrainingError: If no user can be ranked.
    """
    started = time.perf_counter()
    enter_environment(Environment(device="cpu", precision="fp32", threads=1))
    entry, dataset = SCORERS.entry(trial.scorer), trial.dataset
    candidates = dataset.candidates("test", trial.setting)
    scorer = entry.value(dataset, trial.setting)

    def score(users: NDArray[np.integer]) -> NDArray[np.number]:
        outfits = [OutfitTable(each, candidates.items) for each in users]
        return np.stack([_numbers(scorer.score(table), trial.scorer, len(table)) for table in outfits])

    record = ScorerRecord(
        **_ranked(trial, score, candidates, _SEED, started),
        scorer=trial.scorer,
        summary=entry.summary,
        dataset=dataset.name,
        split_scheme=dataset.split_scheme,
        data_fingerprint=dataset.fingerprint,
    )
    write_record(record, folder)
    return record


def _numbers(given: object, scorer: str, count: int) -> NDArray[np.number]:
    """What a scorer, which may be a stranger's, gives, held to be a number for each outfit.

    Raises:
        InputError: If it is something else.
    """
    try:
        found = np.asarray(given)
    except (RuntimeError, TypeError, ValueError):  # a ragged list, a tensor that trains
        found = np.array(None)
    if found.dtype.kind not in "biuf":
        what = f"a {type(given).__name__}" + (f" of {found.dtype}" if found.ndim else "")
    elif found.shape != (count,):
        what = f"scores of shape {found.shape}"
    elif np.isnan(found).any():
        what = f"NaN for outfit {int(np.isnan(found).argmax())}"
    else:
        return found
    where, expected = f"what the `score` of scorer {scorer} gives", f"a number for each of {count} outfits"
    raise InputError(Fault(where, what, expected))


def _ranked(
    trial: EvaluationTrial | ScorerTrial, score: Scoring, candidates: CandidateSet, seed: int, started: float
) -> dict[str, Any]:
    """What the record of any evaluation says: which it is, and how the users are ranked.

    Args:
        trial: What to rank.
        score: Who ranks.
        candidates: What is ranked.
        seed: Which user stands in for which where the users are shuffled.
        started: When the trial began, by `time.perf_counter`.
    """
    users = trial.dataset.num_users
    if trial.shuffled_users:
        test, shuffled = rank_as_others_too(score, candidates, users, seed)
    else:
        test, shuffled = rank_users(score(candidates.users[None])[0], candidates, users), None
    if not test.users:
        raise TrainingError("candidates: found no user to rank, expected one at least")
    return {
        "trial": trial.hash,
        "description": trial.description.to_json(),
        "setting": trial.setting,
        "candidate_fingerprint": candidates.fingerprint,
        "evaluator_version": EVALUATOR_VERSION,
        "test": test,
        "shuffled": shuffled,
        "machine": describe_machine(),
        "seconds": {"evaluate": time.perf_counter() - started},
    }
