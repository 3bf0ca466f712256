"""What a tracker is told of a trial, and trackers by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean, median
from typing import Any, Protocol

from ...core.errors import Fault, InputError
from ...core.registry import Registry
from ..records import CostRecord, Evaluation, FitRecord, Record

__all__ = ["TRACKERS", "Tracked", "Tracker", "register_tracker", "require_package", "tracked_trial"]


@dataclass(frozen=True, kw_only=True)
class Tracked:
    """A finished trial, as a tracker is told of it.

    Attributes:
        trial: Its hash.
        kind: "fit", "quality", "cost", …: that of its record.
        label: What it is, for people.
        record: The file of its record, absolute.
        parameters: What it was described by: values by dotted key ("objectives.0.name").
        curves: Values by epoch, by name; the first is that of epoch 1.
        results: What came of it, by name.
    """

    trial: str
    kind: str
    label: str
    record: Path
    parameters: Mapping[str, str | int | float | bool]
    curves: Mapping[str, Sequence[float]] = field(default_factory=dict)
    results: Mapping[str, float] = field(default_factory=dict)


class Tracker(Protocol):
    """Takes finished trials somewhere; may fail, for a run goes on without it."""

    def take(self, trial: Tracked) -> None:
        """Take a trial; each is given once."""
        ...

    def close(self) -> None:
        """There are no more."""
        ...


TRACKERS: Registry[Callable[[Path], Tracker]] = Registry("tracker", "outfitbench.suites.trackers")
"""What opens a tracker for the folder in which it may write; imports its package when it is opened."""

register_tracker = TRACKERS.register
"""Enter a tracker: `@register_tracker("name")` on what opens it."""


def require_package(package: str, tracker: str) -> None:
    """Refuse a tracker whose package is not there.

    Raises:
        InputError: If it is not installed.
    """
    if find_spec(package) is None:
        fix = f"run pip install 'outfitbench[{tracker}]'"
        raise InputError(Fault("argument --tracker", f"{tracker} without its package", package, fix))


def tracked_trial(record: Record, label: str, file: Path) -> Tracked:
    """What a record says to a tracker.

    Args:
        record: Of a trial.
        label: What the trial is, for people.
        file: The record's file.
    """
    return Tracked(
        trial=getattr(record, "trial", ""),
        kind=record.kind,
        label=label,
        record=file.absolute(),
        parameters=dict(_flat(getattr(record, "description", {}))),
        curves=_curves(record),
        results=_results(record),
    )


def _flat(values: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, str | int | float | bool]]:
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, list):
            value = dict(enumerate(value))
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        elif isinstance(value, str | int | float):  # a bool is an int
            yield name, value
        else:
            yield name, str(value)


def _curves(record: Record) -> dict[str, list[float]]:
    if not isinstance(record, FitRecord):
        return {}
    curves: dict[str, list[float]] = {"loss": [], "learning_rate": [], "valid_auc": []}
    curves |= {f"losses.{name}": [] for name in record.history[0].losses}
    for epoch in record.history:
        curves["loss"].append(epoch.loss)
        curves["learning_rate"].append(epoch.learning_rate)
        curves["valid_auc"].append(epoch.valid_auc)
        for name, value in epoch.losses.items():
            curves[f"losses.{name}"].append(value)
    return curves


def _results(record: Record) -> dict[str, float]:
    if isinstance(record, FitRecord):
        return {"best_valid_auc": record.valid_auc, "best_epoch": float(record.best_epoch)}
    if isinstance(record, Evaluation) and record.test.users:
        metrics = ("auc", "ndcg", "ndcg_standard")
        return {name: fmean(getattr(record.test, name)) for name in metrics}
    if isinstance(record, CostRecord):
        measured = record.measurements.items()
        return {name: median(found.samples) for name, found in measured if found.samples}
    return {}
