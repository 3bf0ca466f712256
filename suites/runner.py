"""Running a suite: every trial that has no record yet, in an order in which teachers come first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout
from rich import get_console

from ..bench.errors import EngineError, ParityError
from ..datasets import Dataset, InputError, load_dataset
from ..models import ModelError, outside_source
from .canonical import content_hash
from .costs import measure_costs
from .dataset_record import describe_dataset
from .device import prepare_device
from .errors import TrainingError
from .record_files import RECORD_FILE, load_record, write_record
from .records import Record, SuiteRecord
from .run_trial import run_trial
from .suite_file import CostPlan, Suite
from .training.checkpoint import Checkpoint
from .trial import Trial, plan_trials

__all__ = ["RunOutcome", "run_suite", "trial_folder"]

_POLL_SECONDS = 2.0


@dataclass(frozen=True)
class RunOutcome:
    """What a run of a suite came to.

    Attributes:
        trials: Every trial of the suite, in the order planned.
        finished: Hashes of the trials that had a record before this run.
        records: All records of the suite; for a dry run those that there are.
        failed: Message by label of each trial that failed, or whose teacher did.
    """

    trials: list[Trial]
    finished: frozenset[str]
    records: list[Record] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def run_suite(
    suite: Suite,
    out: Path,
    *,
    root: Path | None = None,
    split: str = "released",
    cache: Path | None = None,
    device: str = "auto",
    plugins: Sequence[Path] = (),
    command: str = "",
    dry_run: bool = False,
) -> RunOutcome:
    """Run what a suite still lacks, and collect all its records.

    A trial that fails is noted, and the others go on. Several processes may run the same suite into the same
    folder: each takes trials that no other is at.

    Args:
        suite: What to run.
        out: Folder of the runs; each trial has its own, named by its hash.
        root: Where the datasets lie on disk, for those that are read.
        split: "released" or "9:2:2".
        cache: Folder for what is derived; None for the default.
        device: "auto", "cpu" or "cuda".
        plugins: Files that register models of the user's, already loaded here; measuring processes load them
            too.
        command: What the user typed, for the report.
        dry_run: Only plan.

    Raises:
        InputError: If a dataset, the device or a finished record cannot be used.
    """
    chosen = prepare_device(device)
    datasets = [load_dataset(name, root, split=split, cache=cache) for name in suite.datasets]
    trials = plan_trials(suite, datasets, chosen.bf16)
    finished = frozenset(trial.hash for trial in trials if _has_record(trial, out))
    outcome = RunOutcome(trials, finished)
    if not dry_run:
        for trial in trials:
            if trial.hash in finished:
                Checkpoint(trial_folder(out, trial)).clear()  # its process died before it could
        outcome.failed.update(_run_all(trials, out, chosen.name))
    done = [trial for trial in trials if _has_record(trial, out)]
    outcome.records.extend(load_record(trial_folder(out, trial) / RECORD_FILE) for trial in done)
    if dry_run:
        return outcome
    outcome.records.append(_record_suite(suite, command, out))
    image_size = max(method.image_size for method in suite.methods.values())
    for dataset in datasets:
        outcome.records.append(describe_dataset(dataset, image_size, suite.settings, out))
        if suite.cost is not None:
            profiled = _profiled(suite, suite.cost, dataset, done)
            try:
                outcome.records.extend(
                    measure_costs(suite.cost, [(t, trial_folder(out, t)) for t in profiled], out, plugins)
                )
            except (EngineError, ParityError) as error:
                outcome.failed[f"costs · {dataset.name}"] = str(error)
    return outcome


def trial_folder(out: Path, trial: Trial) -> Path:
    """Where a trial's record and weights lie."""
    return out / "trials" / trial.hash


def _record_suite(suite: Suite, command: str, out: Path) -> SuiteRecord:
    fingerprint = content_hash(suite.model_dump(mode="json"))
    record = SuiteRecord(suite=suite.name, title=suite.title, command=command, fingerprint=fingerprint)
    folder = out / "suites" / content_hash(record.model_dump(mode="json"))
    if not (folder / RECORD_FILE).exists():
        write_record(record, folder)
    return record


def _profiled(suite: Suite, plan: CostPlan, dataset: Dataset, done: Sequence[Trial]) -> list[Trial]:
    """The finished trials whose cost is measured: the plan's methods at the first setting and seed."""
    methods = [suite.methods[key] for key in plan.methods]
    return [
        trial
        for trial in done
        if trial.dataset is dataset
        and trial.method in methods
        and (trial.setting, trial.seed) == (suite.settings[0], suite.seeds[0])
    ]


def _has_record(trial: Trial, out: Path) -> bool:
    return (trial_folder(out, trial) / RECORD_FILE).exists()


def _run_all(trials: Sequence[Trial], out: Path, device: str) -> dict[str, str]:
    """Run all trials without a record; give the messages of those that failed."""
    failed: dict[str, str] = {}
    pending = [trial for trial in trials if not _has_record(trial, out)]
    while pending:
        left = [trial for trial in pending if not _settle(trial, out, device, failed)]
        if len(left) == len(pending):
            _wait_for(left[0], out)
        pending = left
    return failed


def _settle(trial: Trial, out: Path, device: str, failed: dict[str, str]) -> bool:
    """Run a trial unless another process is at it or its teacher is still to come; whether it is over."""
    teacher_folder = None
    if trial.teacher is not None:
        if trial.teacher.label in failed:
            failed[trial.label] = f"its teacher failed ({trial.teacher.label})"
            return True
        if not _has_record(trial.teacher, out):
            return False
        teacher_folder = trial_folder(out, trial.teacher)
    folder = trial_folder(out, trial)
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "run.lock"
    try:
        with FileLock(lock, timeout=0):
            try:
                if not _has_record(trial, out):
                    run_trial(trial, folder, teacher_folder, device)
            finally:
                if list(folder.iterdir()) == [lock]:  # it failed before there was anything to go on from
                    lock.unlink()
                    folder.rmdir()
    except Timeout:
        return False
    except Exception as error:
        if not _is_its_own(error, trial):
            raise
        failed[trial.label] = str(error).partition("\n")[0]
        if not isinstance(error, TrainingError | ModelError):
            get_console().print_exception()
        get_console().print(f"failed: {failed[trial.label]}", style="red", highlight=False, soft_wrap=True)
    return True


def _is_its_own(error: Exception, trial: Trial) -> bool:
    """Whether an error concerns one trial, so that the others go on.

    That is so for training that diverges, for torch's own errors (out of memory), for a model that cannot be
    built or take such images, and for whatever a stranger's model raises; not for data that is not sound.
    """
    if isinstance(error, RuntimeError | ModelError):
        return True
    return outside_source(trial.method.model) is not None and not isinstance(error, InputError)


def _wait_for(trial: Trial, out: Path) -> None:
    """Wait a little for the process that is at a trial."""
    try:
        with FileLock(trial_folder(out, trial) / "run.lock", timeout=_POLL_SECONDS):
            return
    except Timeout:
        return
