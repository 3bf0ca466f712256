"""Running a suite: every trial that has no record yet, each after those it depends on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ..core.progress import say, tracked
from ..training.checkpoint import Checkpoint
from ..training.environment import Device, choose_device
from .attempt import claim_of, has_record, trial_folder
from .costs import Failure, measure_costs
from .dataset_record import describe_dataset
from .errand import Errand, plan_errand
from .executors import EXECUTORS, Executor, create_executor
from .held_files import broken_inputs, outdated_stems
from .record_files import RECORD_FILE, load_record
from .records import Record, VariantRecord
from .rehearsal import Rehearsal, rehearse, seconds_of_stem
from .schedule import run_trials
from .shard import Shard
from .suite_file import Suite
from .suite_record import record_suite
from .trackers import Tracking
from .trial import CostTrial, FitTrial, NeighboursTrial, StemTrial, Trial, VariantTrial

__all__ = ["RunOutcome", "rehearse_fits", "run_suite"]


@dataclass(frozen=True)
class RunOutcome:
    """What a run of a suite came to.

    Attributes:
        trials: Every trial of the suite, or of the shard that is run, in the order planned.
        finished: Hashes of the trials that had a record before this run.
        seconds: About how long each fit or stem without a record will take, by hash, where that was found.
        records: All records of the suite; for a dry run those that there are.
        failed: Message by label of each trial that failed, or one of whose inputs did; with the beginning of
            its hash where another has the same label.
        broken: Of a dry run, the fault by hash of each finished trial whose files are needed and are missing
            or altered.
        notes: Of a dry run, what was not tried and may fail all the same: a sentence each.
        others_lack: How many trials of other shards have no record yet.
    """

    trials: list[Trial[Any]]
    finished: frozenset[str]
    seconds: dict[str, float] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    others_lack: int = 0

    @property
    def flagged(self) -> dict[str, str]:
        """What a reader of their rows should know of variants, by method and variant."""
        variants = (record for record in self.records if isinstance(record, VariantRecord) and record.flags)
        return {f"{record.fit.method} · {record.variant}": "; ".join(record.flags) for record in variants}


def run_suite(
    suite: Suite,
    out: Path,
    *,
    root: Path | None = None,
    split: str = "released",
    skip_unusable: bool = False,
    cache: Path | None = None,
    device: Device | Literal["auto"] = "auto",
    plugins: Sequence[Path] = (),
    trackers: Sequence[str] = (),
    command: str = "",
    dry_run: bool = False,
    on: str = "local",
    jobs: int | None = None,
    shard: Shard | None = None,
) -> RunOutcome:
    """Run what a suite still lacks, and collect all its records.

    A trial that fails leaves its reason beside its folder's other files, and the others go on. Several
    processes may run the same suite into the same folder: each takes trials that no other is at. Costs are
    measured here, when all else is over: nothing of ours runs beside them.

    Args:
        suite: What to run.
        out: Folder of the runs; each trial has its own, named by its hash.
        root: Where the datasets lie on disk, for those that are read.
        split: "released" or "9:2:2".
        skip_unusable: Leave out rows of a dataset's files that cannot be used, and count them.
        cache: Folder for what is derived; None for the default.
        device: "cpu", "cuda", or "auto" for CUDA where the executor has it.
        plugins: Files that register models of the user's, already loaded here; other processes load them too.
        trackers: Names of trackers, which are told of each trial that has a record.
        command: What the user typed, for the report.
        dry_run: Only plan.
        on: Name or address of the executor.
        jobs: How many trials it runs side by side; None for its own number.
        shard: Run this part of the graph alone; None for all of it.

    Raises:
        InputError: If a dataset, the device, the executor, a tracker or a finished record cannot be used.
    """
    EXECUTORS.entry(on.partition("://")[0], "argument --on")
    tracking = Tracking(() if dry_run else trackers, out)
    # Elsewhere there may be a GPU that is not here, where fits are rehearsed all the same.
    here = choose_device("auto" if device == "cuda" and on != "local" else device)
    errand = Errand(suite, out, device, root, split, skip_unusable, cache, tuple(plugins))
    graph, datasets = plan_errand(errand)
    trials = graph if shard is None else shard.of(graph)
    finished = frozenset(trial.hash for trial in trials if has_record(trial, out))
    outcome, failed = RunOutcome(trials, finished), {}
    for note in outdated_stems(trials, finished, lambda trial: trial_folder(out, trial)):
        say(note, style="yellow")
    if dry_run:
        rehearse_fits(outcome, here, fetch=False)
        outcome.broken.update(broken_inputs(trials, finished, lambda trial: trial_folder(out, trial)))
    else:
        fingerprints = {name: dataset.fingerprint for name, dataset in datasets.items()}
        errand = replace(errand, fingerprints=fingerprints)
        # Before fits are rehearsed, which takes a while: an executor may not be had.
        with closing(create_executor(on, errand, jobs)) as executor:
            if left := [each for each in trials if each.hash not in finished and each.kind != "cost"]:
                executor.get_ready(len(left))
            rehearse_fits(outcome, here, fetch=True)
            failed = _run_others(executor, outcome, out, tracking)
        failed |= _measure_all(_costs(outcome), out, errand.plugins)
        outcome.failed.update(_labelled(failed, graph))
    done = [trial for trial in graph if has_record(trial, out)]
    for trial in done:
        tracking.take(trial_folder(out, trial), trial.label)
    tracking.close()
    outcome.records.extend(load_record(trial_folder(out, trial) / RECORD_FILE) for trial in done)
    if dry_run:
        return outcome
    outcome.records.append(record_suite(suite, graph, command, out, failed))
    image_sizes = {method.image_size for part in suite.parts for method in part.methods.values()}
    outcome.records.extend(describe_dataset(dataset, image_sizes, out) for dataset in datasets.values())
    ours = {trial.hash for trial in trials}
    lacking = [trial for trial in graph if trial.hash not in ours and not has_record(trial, out)]
    return replace(outcome, others_lack=len(lacking))


def _run_others(executor: Executor, outcome: RunOutcome, out: Path, tracking: Tracking) -> dict[str, str]:
    """Run what has no record and is no cost; the messages of those that failed, by hash."""
    for trial in outcome.trials:
        if trial.hash in outcome.finished:
            claim_of(trial, out).clear()  # its process died before it could
            if isinstance(trial, FitTrial | NeighboursTrial | StemTrial | VariantTrial):
                Checkpoint(trial_folder(out, trial)).clear()
    return run_trials(
        [trial for trial in outcome.trials if not isinstance(trial, CostTrial)],
        out,
        executor,
        outcome.seconds,
        [trial.inputs["weights"] for trial in _costs(outcome) if not has_record(trial, out)],
        on_record=lambda trial: tracking.take(trial_folder(out, trial), trial.label),
    )


def _costs(outcome: RunOutcome) -> list[CostTrial]:
    return [trial for trial in outcome.trials if isinstance(trial, CostTrial)]


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
