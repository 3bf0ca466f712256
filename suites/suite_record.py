"""Which suite was run, and what it calls its fits, as a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..core.hashes import content_hash
from ..training.method import Method
from .record_files import RECORD_FILE, load_record, write_record
from .records import SuiteRecord
from .suite_file import Suite
from .trial import FitTrial, Trial

__all__ = ["record_suite"]


def record_suite(
    suite: Suite,
    trials: Sequence[Trial[Any]],
    command: str,
    out: Path,
    failed: Mapping[str, str] | None = None,
) -> SuiteRecord:
    """The suite's record; one that says the same but for the date stays, unless a fit was renamed since.

    Args:
        suite: What was run.
        trials: Its trials.
        command: What the user typed.
        out: Folder of the runs.
        failed: Messages of those that failed, by hash.
    """
    failed = failed or {}
    fits = [trial for trial in trials if isinstance(trial, FitTrial)]
    record = SuiteRecord(
        suite=suite.name,
        title=suite.title,
        command=command,
        fingerprint=content_hash(suite.model_dump(mode="json")),
        names={trial.hash: trial.method.name for trial in fits},
        compare=[
            pair for part in suite.parts for asked in part.compare for pair in _pairs(part, asked, fits)
        ],
        longer=dict(
            pair
            for part in suite.parts
            for asked in part.longer.items()
            for pair in _pairs(part, asked, fits)
        ),
        failed={
            trial.hash: (trial.label, failed[trial.hash] or "no reason told")
            for trial in trials
            if trial.hash in failed
        },
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    said = record.model_dump(mode="json", exclude={"date"})
    places = (out / "suites").glob(f"*/{RECORD_FILE}")
    known = [other for place in sorted(places) if isinstance(other := load_record(place), SuiteRecord)]
    same = [other for other in known if other.model_dump(mode="json", exclude={"date"}) == said]
    last = max(same, key=lambda other: other.date, default=None)
    if last is None:
        write_record(record, out / "suites" / content_hash(said))
        return record
    if not any(other.date >= last.date and _renames(other, last) for other in known):
        return last
    write_record(record, out / "suites" / content_hash(said | {"after": last.date}))
    return record


def _pairs(part: Suite, asked: tuple[str, str], fits: Sequence[FitTrial]) -> list[tuple[str, str]]:
    """The fits of two methods that were trained on one dataset, against the same negatives, with one seed."""

    def runs(method: Method) -> dict[tuple[str, str, int], str]:
        own = method.model_dump(exclude={"name"})  # one fit may go by a name for each of several suites
        return {
            (trial.dataset.fingerprint, trial.negatives, trial.seed): trial.hash
            for trial in fits
            if trial.method.model_dump(exclude={"name"}) == own
        }

    one, other = (runs(part.methods[key]) for key in asked)
    return [(one[run], other[run]) for run in one if run in other]


def _renames(other: SuiteRecord, record: SuiteRecord) -> bool:
    """Whether a record gives another name to a fit that both name."""
    return any(other.names.get(fit, name) != name for fit, name in record.names.items())
