"""What `profile` and `export` work on: a model of the zoo, or the trained methods of a run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..bench.file_hash import file_hash
from ..bench.subject import Subject
from ..datasets.errors import Fault, InputError
from .session import Session

if TYPE_CHECKING:
    from ..suites.records import DatasetRecord, QualityRecord

__all__ = ["Chosen", "choose_subjects"]


@dataclass(frozen=True)
class Chosen:
    """A subject, and a name that is good for a folder.

    Attributes:
        subject: What is exported or measured.
        slug: The model's name, or method, dataset, setting and seed of a trial.
        dataset: The dataset it was trained on, or None.
    """

    subject: Subject
    slug: str
    dataset: str | None = None


def choose_subjects(
    names: Iterable[str], session: Session, *, users: int, methods: tuple[str, ...]
) -> list[Chosen]:
    """Models by name, with random weights, and trained methods by the folder of their run.

    Args:
        names: Names from `outfitbench list models`, or folders that `outfitbench run` wrote.
        session: Names the plugins.
        users: How many users a model by name has.
        methods: Of a run, only these rows; all if empty.

    Raises:
        InputError: If there is no name, or a run holds no trained method, or none of those asked for.
    """
    chosen: list[Chosen] = []
    for name in names:
        if Path(name).is_dir():
            chosen.extend(_trained(Path(name), session, methods))
        else:
            model = Subject(model=name, num_users=users, plugins=session.plugin)
            chosen.append(Chosen(model, name))
    if not chosen:
        raise InputError(Fault("argument sources", "none", "a model's name or the folder of a run"))
    return chosen


def _trained(run: Path, session: Session, methods: tuple[str, ...]) -> list[Chosen]:
    from ..suites.record_files import load_records
    from ..suites.records import DatasetRecord, QualityRecord

    records = load_records([run])
    datasets = {record.data_fingerprint: record for record in records if isinstance(record, DatasetRecord)}
    trials = [record for record in records if isinstance(record, QualityRecord)]
    wanted = [record for record in trials if not methods or record.method in methods]
    if not wanted:
        there = ", ".join(sorted({record.method for record in trials})) or "no trial at all"
        raise InputError(Fault(run, there, f"a trial of {', '.join(methods) or 'any method'}"))
    return [_of_trial(run, record, datasets, session) for record in wanted]


def _of_trial(
    run: Path, trial: QualityRecord, datasets: dict[str, DatasetRecord], session: Session
) -> Chosen:
    weights = next(run.rglob(f"{trial.trial}/weights.safetensors"), None)
    if weights is None:
        raise InputError(Fault(run, f"no weights of trial {trial.trial}", "the folder that the run wrote"))
    if (found := file_hash(weights)) != trial.weights:
        raise InputError(
            Fault(weights, f"weights of hash {found}", f"{trial.weights}, as in the record beside it")
        )
    dataset = datasets.get(trial.data_fingerprint)
    if dataset is None:
        raise InputError(Fault(run, f"no record of dataset {trial.dataset}", "a run that came to its end"))
    subject = Subject(
        model=trial.model,
        num_users=dataset.users,
        label=trial.method,
        weights=weights.resolve(),
        backbone=trial.description["method"]["backbone"],
        input_kind="image" if dataset.feature_size is None else "features",
        input_size=dataset.feature_size or trial.description["method"]["image_size"],
        plugins=session.plugin,
    )
    slug = "-".join([trial.method, trial.dataset, trial.setting, str(trial.seed)])
    return Chosen(subject, re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-"), trial.dataset)
