"""What trained models cost: cost trials measured together where they are compared, a record for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..bench.engine_profile import EngineProfile, FailedProfile
from ..bench.profiling import profile_subjects
from ..bench.subject import Subject
from ..core.errors import InputError
from ..core.files import atomic_file, locked
from .record_files import ERROR_FILE, RECORD_FILE, load_record, write_record
from .records import EVALUATOR_VERSION, CostRecord
from .run_variant import trained_subject
from .trial import CostTrial

__all__ = ["Failure", "measure_costs"]


@dataclass(frozen=True)
class Failure:
    """A cost that could not be measured; the others stand.

    Attributes:
        trial: What was to be measured.
        reason: What was found, in one line.
        folder: Where the record would stand; `ERROR_FILE` there holds the rest.
    """

    trial: CostTrial
    reason: str
    folder: Path


def measure_costs(
    trials: Sequence[CostTrial], folders: Mapping[str, Path], lock: Path, plugins: Sequence[Path] = ()
) -> Iterator[CostRecord | Failure]:
    """Cost records of some trials on one dataset, each as soon as it is written.

    What one engine on one device lacks is measured together, workload after workload, and at a workload in
    turns: figures taken at different times would hold the machine's drift against one of them. A workload's
    records are written before the next one is begun, so that a process that is killed loses one at most. A
    record that there is stays.

    Args:
        trials: What to measure, of finished fits and variants.
        folders: The folder of each trial and of its inputs, by hash.
        lock: What two processes may not measure into side by side.
        plugins: Files that register models, engines or workloads of the user's.

    Yields:
        A record or a failure for each trial.

    Raises:
        InputError: If a cost record that there is cannot be read.
    """
    if not trials:
        return
    with locked(lock):
        lacking: dict[tuple[str, str], list[CostTrial]] = defaultdict(list)
        for trial in trials:
            place = folders[trial.hash] / RECORD_FILE
            if place.exists():
                found = load_record(place)
                assert isinstance(found, CostRecord), "a folder of costs holds their records"
                yield found
            else:
                lacking[trial.device, trial.engine].append(trial)
        for group in lacking.values():
            yield from _measure(group, folders, plugins)


def _measure(
    trials: Sequence[CostTrial], folders: Mapping[str, Path], plugins: Sequence[Path]
) -> Iterator[CostRecord | Failure]:
    """Measure the trials of one engine on one device, those that lack the same workloads in one session."""
    by_model: dict[str, list[CostTrial]] = defaultdict(list)
    for trial in trials:
        by_model[trial.inputs["weights"].hash].append(trial)
    sessions: dict[tuple[str, ...], list[list[CostTrial]]] = defaultdict(list)
    for asked in by_model.values():
        sessions[tuple(trial.workload for trial in asked)].append(asked)
    for members in sessions.values():
        yield from _session(members, folders, plugins)


def _session(
    models: Sequence[Sequence[CostTrial]], folders: Mapping[str, Path], plugins: Sequence[Path]
) -> Iterator[CostRecord | Failure]:
    """Measure some models, each under the same workloads, and write a record of each."""
    sound: list[Sequence[CostTrial]] = []
    subjects: list[Subject] = []
    for asked in models:
        weights = asked[0].inputs["weights"]
        try:
            _, subject = trained_subject(weights, folders[weights.hash], plugins)
        except InputError as error:
            yield from [_fail(trial, folders, str(error)) for trial in asked]
        else:
            sound.append(asked)
            subjects.append(subject)
    if not sound:
        return
    first = sound[0][0]
    try:
        outcomes = profile_subjects(
            subjects,
            engines=[first.engine],
            devices=[first.device],
            workloads=[trial.workload for trial in sound[0]],
            dataset=first.dataset,
            effort=first.effort,
            outfit_size=first.outfit_size,
        )
    except InputError as error:
        yield from [_fail(trial, folders, str(error)) for asked in sound for trial in asked]
        return
    in_order = [asked[at] for at in range(len(sound[0])) for asked in sound]
    for trial, outcome in zip(in_order, outcomes, strict=True):
        if isinstance(outcome, FailedProfile):
            yield _fail(trial, folders, outcome.reason, outcome.output)
        else:
            record = _record(outcome, trial)
            write_record(record, folders[trial.hash])
            (folders[trial.hash] / ERROR_FILE).unlink(missing_ok=True)
            yield record


def _fail(trial: CostTrial, folders: Mapping[str, Path], reason: str, output: str = "") -> Failure:
    folder = folders[trial.hash]
    with atomic_file(folder / ERROR_FILE) as temporary:
        temporary.write_text(f"{trial.label}: {reason}\n{output}", encoding="utf-8")
    return Failure(trial, reason, folder)


def _record(profile: EngineProfile, trial: CostTrial) -> CostRecord:
    return CostRecord(
        trial=trial.hash,
        description=trial.description.to_json(),
        inputs=trial.description.inputs,
        dataset=trial.dataset.name,
        data_fingerprint=trial.dataset.fingerprint,
        evaluator_version=EVALUATOR_VERSION,
        **dict(profile),
    )
