"""Running a suite: every trial that has no record yet, each after those it depends on."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ..core.progress import duration, say, tracked
from ..datasets import load_dataset
from ..training.checkpoint import Checkpoint
from ..training.environment import Device, choose_device
from ..training.loop import OnEpoch, ignored
from .attempt import attempt, claim_of, has_record, trial_folder
from .cold_settings import is_cold
from .costs import Failure, measure_costs
from .dataset_record import describe_dataset
from .held_files import broken_inputs
from .plan import plan_trials
from .record_files import RECORD_FILE, load_record
from .records import Record
from .rehearsal import Rehearsal, rehearse, seconds_of_stem
from .suite_file import Suite
from .suite_record import record_suite
from .trial import CostTrial, FitTrial, NeighboursTrial, StemTrial, Trial

__all__ = ["RunOutcome", "rehearse_fits", "run_suite", "run_trials"]

_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class RunOutcome:
    """What a run of a suite came to.

    Attributes:
        trials: Every trial of the suite, in the order planned.
        finished: Hashes of the trials that had a record before this run.
        seconds: About how long each fit or stem without a record will take, by hash, where that was found.
        records: All records of the suite; for a dry run those that there are.
        failed: Message by label of each trial that failed, or one of whose inputs did; with the beginning of
            its hash where another has the same label.
        broken: Of a dry run, the fault by hash of each finished trial whose files are needed and are missing
            or altered.
        notes: Of a dry run, what was not tried and may fail all the same: a sentence each.
    """

    trials: list[Trial[Any]]
    finished: frozenset[str]
    seconds: dict[str, float] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def run_suite(
    suite: Suite,
    out: Path,
    *,
    root: Path | None = None,
    split: str = "released",
    skip_unusable: bool = False,
    cache: Path | None = None,
    device: str = "auto",
    plugins: Sequence[Path] = (),
    command: str = "",
    dry_run: bool = False,
) -> RunOutcome:
    """Run what a suite still lacks, and collect all its records.

    A trial that fails leaves its reason beside its folder's other files, and the others go on. Several
    processes may run the same suite into the same folder: each takes trials that no other is at.

    Args:
        suite: What to run.
        out: Folder of the runs; each trial has its own, named by its hash.
        root: Where the datasets lie on disk, for those that are read.
        split: "released" or "9:2:2".
        skip_unusable: Leave out rows of a dataset's files that cannot be used, and count them.
        cache: Folder for what is derived; None for the default.
        device: "auto", "cpu" or "cuda".
        plugins: Files that register models of the user's, already loaded here; measuring processes load them
            too.
        command: What the user typed, for the report.
        dry_run: Only plan.

    Raises:
        InputError: If a dataset, the device or a finished record cannot be used.
    """
    chosen = choose_device(device)
    load = partial(load_dataset, root=root, split=split, cache=cache, skip_unusable=skip_unusable)
    datasets = [load(name) for name in suite.datasets]
    cold = any(is_cold(setting) for part in suite.parts for setting in part.settings)
    new_users = {dataset.cold_sibling for dataset in datasets if cold}
    siblings = {name: load(name) for name in sorted(filter(None, new_users))}
    trials = plan_trials(suite, datasets, siblings)
    finished = frozenset(trial.hash for trial in trials if has_record(trial, out))
    outcome = RunOutcome(trials, finished)
    rehearse_fits(outcome, chosen, fetch=not dry_run)
    if dry_run:
        outcome.broken.update(broken_inputs(trials, finished, lambda trial: trial_folder(out, trial)))
    else:
        for trial in trials:
            if trial.hash in finished and isinstance(trial, FitTrial | NeighboursTrial | StemTrial):
                Checkpoint(trial_folder(out, trial)).clear()  # its process died before it could
            if trial.hash in finished:
                claim_of(trial, out).clear()  # likewise
        measured = [trial for trial in trials if isinstance(trial, CostTrial)]
        others = [trial for trial in trials if not isinstance(trial, CostTrial)]
        failed = run_trials(others, outcome, out, chosen) | _measure_all(measured, out, plugins)
        outcome.failed.update(_labelled(failed, trials))
    done = [trial for trial in trials if has_record(trial, out)]
    outcome.records.extend(load_record(trial_folder(out, trial) / RECORD_FILE) for trial in done)
    if dry_run:
        return outcome
    outcome.records.append(record_suite(suite, trials, command, out))
    image_sizes = {method.image_size for part in suite.parts for method in part.methods.values()}
    shown = {dataset.name: dataset for dataset in [*datasets, *siblings.values()]}
    outcome.records.extend(describe_dataset(dataset, image_sizes, out) for dataset in shown.values())
    return outcome


def rehearse_fits(outcome: RunOutcome, device: Device, *, fetch: bool) -> None:
    """Find about how long each fit and each stem will take; the same method on the same data is tried once.

    Args:
        outcome: Of a run that begins; given the seconds and the notes.
        device: "cpu" or "cuda".
        fetch: Whether ImageNet weights that a fit starts from are fetched.

    Raises:
        InputError: If one of them cannot begin.
    """
    known: dict[tuple[int, str], Rehearsal] = {}
    fits = [fit for fit in outcome.trials if isinstance(fit, FitTrial) and fit.hash not in outcome.finished]
    for fit in tracked(fits, "rehearse"):
        key = (id(fit.method), fit.dataset.fingerprint)
        if key not in known:
            known[key] = rehearse(fit, device, fetch=fetch)
        if (seconds := known[key].seconds) is not None:
            outcome.seconds[fit.hash] = seconds
    stems = [stem for stem in outcome.trials if isinstance(stem, StemTrial)]
    for stem in stems:
        if stem.hash not in outcome.finished and (seconds := seconds_of_stem(stem, device)) is not None:
            outcome.seconds[stem.hash] = seconds
    outcome.notes.extend(dict.fromkeys(found.note for found in known.values() if found.note))


def _labelled(failed: Mapping[str, str], trials: Sequence[Trial[Any]]) -> dict[str, str]:
    """Messages by hash, in the order of the trials, for people."""
    messages: dict[str, str] = {}
    for trial in trials:
        if trial.hash in failed:
            label = trial.label if trial.label not in messages else f"{trial.label} ({trial.hash[:8]})"
            messages[label] = failed[trial.hash]
    return messages


def _measure_all(trials: Sequence[CostTrial], out: Path, plugins: Sequence[Path]) -> dict[str, str]:
    """Measure what costs there are to be measured; the messages of those that could not be, by hash."""
    reasons: dict[str, str] = {}
    by_dataset: dict[str, list[CostTrial]] = defaultdict(list)
    for trial in trials:
        model = trial.inputs["weights"]
        if has_record(model, out):
            by_dataset[trial.dataset.fingerprint].append(trial)
        else:
            reasons[trial.hash] = f"its weights failed ({model.label})"
    for members in by_dataset.values():
        involved = [*members, *(trial.inputs["weights"] for trial in members)]
        folders = {trial.hash: trial_folder(out, trial) for trial in involved}
        for found in measure_costs(members, folders, out / "costs", plugins):
            if isinstance(found, Failure):
                say(f"failed: {found.trial.label}: {found.reason}", style="red")
                reasons[found.trial.hash] = found.reason
    return reasons


def run_trials(
    trials: Sequence[Trial[Any]],
    outcome: RunOutcome,
    out: Path,
    device: Device,
    watched: Mapping[str, OnEpoch] | None = None,
) -> dict[str, str]:
    """Run all trials without a record.

    Args:
        trials: Each after those it depends on.
        outcome: Of the run they are part of, for how many there are and how long they take.
        out: Folder of the runs.
        device: "cpu" or "cuda".
        watched: Who is told of the epochs of a fit, by hash.

    Returns:
        The messages of those that failed, by hash.

    Raises:
        TrainingStopped: If one of `watched` ends its fit, which has no record then.
    """
    failed: dict[str, str] = {}
    places = {trial.hash: place for place, trial in enumerate(outcome.trials, start=1)}
    pending = {trial.hash: trial for trial in trials if not has_record(trial, out)}
    claims = {trial.hash: claim_of(trial, out) for trial in pending.values()}
    waited: set[str] = set()
    while pending:
        before, taken = len(pending), ""
        for trial in list(pending.values()):
            if reason := _failed_input(trial, failed):
                failed[trial.hash] = reason
            elif not all(has_record(needed, out) for needed in trial.inputs.values()):
                continue
            else:
                number = f"trial {places[trial.hash]} of {len(places)}{_left(pending.values(), outcome)}"
                on_epoch = (watched or {}).get(trial.hash, ignored)
                ended = attempt(trial, claims[trial.hash], out, device, number, on_epoch)
                if ended.taken_by:
                    taken = taken or f"waiting for {ended.taken_by}: {trial.label}"
                    continue
                if ended.failed:
                    failed[trial.hash] = ended.failed
            del pending[trial.hash]
        if len(pending) == before:
            if taken not in waited:
                say(taken)
                waited.add(taken)
            time.sleep(_POLL_SECONDS)
    return failed


def _failed_input(trial: Trial[Any], failed: Mapping[str, str]) -> str:
    for role, needed in trial.inputs.items():
        if needed.hash in failed:
            return f"its {role} failed ({needed.label})"
    return ""


def _left(trials: Iterable[Trial[Any]], outcome: RunOutcome) -> str:
    """About how long all fits that are still to be trained will take."""
    seconds = sum(outcome.seconds.get(trial.hash, 0.0) for trial in trials)
    return f", about {duration(seconds)} of training left" if seconds else ""
