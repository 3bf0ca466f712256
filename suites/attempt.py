"""One trial in this process: claimed, run, and what it leaves, a record or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from rich import get_console

from ..core.claims import Claim
from ..core.errors import InputError
from ..core.files import atomic_file
from ..core.names import why
from ..core.progress import say
from ..core.whole_machine import shared_machine
from ..models import ModelError
from ..training.environment import Device
from ..training.errors import TrainingError, TrainingStopped
from ..training.history import Epoch
from ..training.loop import OnEpoch, ignored
from .cold_trial import ColdTrial
from .record_files import ERROR_FILE, RECORD_FILE
from .records import Record
from .run_cold_evaluation import run_cold_evaluation
from .run_evaluation import run_evaluation, run_scorer
from .run_fit import run_fit
from .run_neighbours import run_neighbours
from .run_space import run_space
from .run_stem import run_stem
from .run_variant import run_variant
from .trial import (
    EvaluationTrial,
    FitTrial,
    NeighboursTrial,
    ScorerTrial,
    SpaceTrial,
    StemTrial,
    Trial,
    VariantTrial,
    has_foreign_part,
)

__all__ = ["Ended", "attempt", "claim_of", "has_record", "trial_folder"]

_PLACES = {
    "fit": "fits",
    "neighbours": "neighbours",
    "stem": "stems",
    "variant": "variants",
    "evaluation": "evaluations",
    "space": "spaces",
    "cost": "costs",
}


def trial_folder(out: Path, trial: Trial[Any]) -> Path:
    """Where a trial's record and files lie."""
    return out / _PLACES[trial.kind] / trial.hash


def has_record(trial: Trial[Any], out: Path) -> bool:
    """Whether a trial is finished."""
    return (trial_folder(out, trial) / RECORD_FILE).exists()


def claim_of(trial: Trial[Any], out: Path) -> Claim:
    """The right to run a trial."""
    return Claim(trial_folder(out, trial) / "claim")


class Ended(NamedTuple):
    """How a trial's turn in a process ended; with its record, where neither is said.

    Attributes:
        failed: Why it has none.
        taken_by: Who else is at it, so that nothing was done.
    """

    failed: str = ""
    taken_by: str = ""


def attempt(
    trial: Trial[Any],
    claim: Claim,
    out: Path,
    device: Device,
    number: str = "",
    on_epoch: OnEpoch = ignored,
) -> Ended:
    """Run a trial whose inputs are finished, unless it is, or another process is at it.

    A fit that another process took over, because nothing had been heard of this one for long, stops at its
    next epoch; what is shorter ends, and writes what the other one writes.

    Args:
        trial: What to run.
        claim: The right to run it, kept between attempts: it is how an owner elsewhere is watched.
        out: Folder of the runs.
        device: "cpu" or "cuda".
        number: What to say before the label when it begins.
        on_epoch: Told of the epochs of a fit, and of a variant that is trained on.

    Raises:
        TrainingStopped: If `on_epoch` ends the fit, which has no record then.
    """
    folder = trial_folder(out, trial)
    if not claim.take():
        return Ended(taken_by=claim.holder())

    def watch(epoch: Epoch) -> None:
        if claim.lost:
            raise _Lost
        on_epoch(epoch)

    try:
        if not has_record(trial, out):
            say(f"{number}: {trial.label}")
            inputs = {role: trial_folder(out, needed) for role, needed in trial.inputs.items()}
            watched = {"on_epoch": watch} if isinstance(trial, FitTrial | VariantTrial) else {}
            with shared_machine():
                _RUNS[type(trial)](trial, folder, inputs, device, **watched)
            (folder / ERROR_FILE).unlink(missing_ok=True)
    except _Lost:
        return Ended(taken_by=claim.holder())
    except TrainingStopped:
        raise
    except Exception as error:
        if not _is_its_own(error, trial):
            raise
        return Ended(failed=_tell_failure(error, trial, folder))
    finally:
        claim.release()
        with suppress(OSError):
            folder.rmdir()  # where it failed before there was anything to go on from
    return Ended()


class _Lost(TrainingStopped):
    """Another process is at this fit now."""


_RUNS: dict[type[Trial[Any]], Callable[..., Record]] = {
    FitTrial: run_fit,
    NeighboursTrial: run_neighbours,
    StemTrial: run_stem,
    VariantTrial: run_variant,
    EvaluationTrial: run_evaluation,
    ColdTrial: run_cold_evaluation,
    ScorerTrial: run_scorer,
    SpaceTrial: run_space,
}


def _tell_failure(error: Exception, trial: Trial[Any], folder: Path) -> str:
    """The failure in one line, told and left in the trial's folder."""
    known = isinstance(error, TrainingError | ModelError | InputError)
    message = str(error).partition("\n")[0] if known else why(error)
    if not known:
        get_console().print_exception()
    say(f"failed: {trial.label}: {message}", style="red")
    with atomic_file(folder / ERROR_FILE) as part:
        part.write_text(message + "\n", encoding="utf-8", errors="backslashreplace")
    return message


def _is_its_own(error: Exception, trial: Trial[Any]) -> bool:
    """Whether an error concerns one trial, so that the others go on.

    That is so for training that diverges, for torch's own errors (out of memory), for a model that cannot be
    built or take such images, for files of its inputs that are not what their record says, for whatever the
    libraries raise that compress, and for whatever a stranger's part raises; not for data that is not sound,
    which is read before anything trains.
    """
    expected = isinstance(error, RuntimeError | ModelError | InputError)
    return expected or isinstance(trial, VariantTrial) or has_foreign_part(trial)
