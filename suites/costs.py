"""What trained models cost: cost trials measured together where they are compared, a record for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..bench.effort import Effort
from ..bench.engine_profile import EngineProfile, FailedProfile
from ..bench.engines import check_engine
from ..bench.profiling import Place, profile_places
from ..bench.subject import Subject
from ..core.errors import InputError
from ..core.files import atomic_file, locked
from ..core.whole_machine import whole_machine
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

    What is lacking is measured when no other trial runs on this machine, and together, workload after
    workload, and at a workload all models in all engines in turns: figures taken at different times would
    hold the machine's drift against one of them. A workload's records are written before the next one is
    begun, so that a process that is killed loses one at most. A record that there is stays.

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
        lacking: list[CostTrial] = []
        for trial in trials:
            place = folders[trial.hash] / RECORD_FILE
            if place.exists():
                found = load_record(place)
                assert isinstance(found, CostRecord), "a folder of costs holds their records"
                yield found
            else:
                lacking.append(trial)
        if not lacking:
            return
        with ExitStack() as alone:
            try:
                alone.enter_context(whole_machine())
            except InputError as error:
                yield from [_fail(trial, folders, str(error)) for trial in lacking]
            else:
                yield from _measure(lacking, folders, plugins)


def _measure(
    trials: Sequence[CostTrial], folders: Mapping[str, Path], plugins: Sequence[Path]
) -> Iterator[CostRecord | Failure]:
    """Measure the workloads that lack the same models in the same engines in one session."""
    by_workload: dict[tuple[str, Effort, int], list[CostTrial]] = defaultdict(list)
    for trial in trials:
        by_workload[trial.workload, trial.effort, trial.outfit_size].append(trial)
    sessions: dict[tuple[object, ...], list[list[CostTrial]]] = defaultdict(list)
    for (_, *how), asked in by_workload.items():
        places = [(trial.inputs["weights"].hash, trial.engine, trial.device) for trial in asked]
        sessions[*how, *places].append(asked)
    for workloads in sessions.values():
        yield from _session(workloads, folders, plugins)


def _session(
    workloads: Sequence[Sequence[CostTrial]], folders: Mapping[str, Path], plugins: Sequence[Path]
) -> Iterator[CostRecord | Failure]:
    """Measure some models in some engines under each of several workloads, and write a record of each."""
    subjects: dict[str, Subject] = {}
    sound: list[int] = []
    for number, trial in enumerate(workloads[0]):
        model = trial.inputs["weights"]
        try:
            check_engine(trial.engine)
            if model.hash not in subjects:
                subjects[model.hash] = trained_subject(model, folders[model.hash], plugins)[1]
        except InputError as error:
            yield from [_fail(asked[number], folders, str(error)) for asked in workloads]
        else:
            sound.append(number)
    if not sound:
        return
    in_order = [asked[number] for asked in workloads for number in sound]
    numbers = {model: number for number, model in enumerate(subjects)}
    first = in_order[0]
    try:
        outcomes = profile_places(
            list(subjects.values()),
            [
                Place(numbers[trial.inputs["weights"].hash], trial.engine, trial.device)
                for trial in in_order[: len(sound)]
            ],
            workloads=[asked[0].workload for asked in workloads],
            dataset=first.dataset,
            effort=first.effort,
            outfit_size=first.outfit_size,
        )
    except InputError as error:
        yield from [_fail(trial, folders, str(error)) for trial in in_order]
        return
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
