"""What a search leaves: every point that was tried, and which was the best."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..evaluation.user_scores import Share
from .record_fields import Count, Hash, Name, Negatives
from .search_space import Value

__all__ = ["State", "StudyRecord", "TriedPoint"]

State = Literal["complete", "pruned", "failed", "running"]
"""Of a point: trained to its end, ended early, failed, or under way in whatever process."""

Number = Annotated[int, Field(ge=1)]
"""Of a point, in the order in which they are taken."""


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TriedPoint(_Frozen):
    """One point of the space, as a fit.

    Attributes:
        number: From 1.
        values: What the fit was given, by option.
        state: What came of it.
        fit: Hash of the fit, whose record stands below `fits/` if it is complete; None before it is planned.
        valid_auc: Validation AUC by epoch, as far as it came.
        kept: That of the epoch whose weights are kept, by which points are compared; None unless complete.
        reason: Why it failed; empty otherwise.
    """

    number: Number
    values: dict[str, Value]
    state: State
    fit: Hash | None
    valid_auc: list[Share]
    kept: Share | None = None
    reason: str = ""


class StudyRecord(_Frozen):
    """A search for a method's values on a dataset.

    Attributes:
        method: The method's id.
        name: Its row's name.
        suite: The suite whose overrides it was tuned under; None for the method's file alone.
        dataset: Dataset name.
        data_fingerprint: Content hash of the dataset.
        split_scheme: "released" or "9:2:2".
        negatives: Training negatives, and those of the validation candidates.
        validation: The half of the validation set that decides.
        seed: Of every fit, and of the order in which points are taken.
        epochs: Of every fit that is not ended early, at most.
        space: Values by option; every combination of them is a point.
        budget: How many points were to be tried.
        pruning: When a fit is ended early; None if never.
        points: Those begun so far.
        best: Number of the complete point with the highest AUC, the first of equals; None before the first.
        notes: What a person should know who uses what was found.
        versions: Version by package name.
    """

    kind: Literal["study"] = "study"
    method: Name
    name: Name
    suite: Name | None
    dataset: Name
    data_fingerprint: Hash
    split_scheme: Name
    negatives: Negatives
    validation: Literal["teacher", "student"]
    seed: Count
    epochs: Annotated[int, Field(ge=1)]
    space: dict[str, list[Value]]
    budget: Annotated[int, Field(ge=1)]
    pruning: str | None
    points: list[TriedPoint]
    best: Number | None
    notes: list[str] = []
    versions: dict[str, str]

    @property
    def winner(self) -> TriedPoint | None:
        """The best point."""
        return next((point for point in self.points if point.number == self.best), None)
