"""Evaluations that may share a table: the same candidates, users, training negatives and evaluator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from .recipes import apart_in_objectives

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..evaluation.user_scores import ColdStart
    from ..suites.records import FitRecord
    from .record_choice import OtherOutcome
    from .table_rows import AnyRow, Row, ScorerRow

__all__ = ["ComparisonTable", "setting_label"]


def setting_label(setting: str) -> str:
    """A setting as a reader meets it.

    Example:
        >>> setting_label("hard"), setting_label("cold-5")
        ('hard negatives', 'cold-5')
    """
    return setting if re.fullmatch(r"cold-\d+", setting) else f"{setting} negatives"


@dataclass(frozen=True)
class ComparisonTable:
    """The rows of one table.

    Attributes:
        dataset: Dataset name.
        split_scheme: "released" or "9:2:2".
        setting: What is ranked: "random", "hard", "cold-1", …
        negatives: Training negatives of its fits; empty where nothing trained is among the rows.
        data_fingerprint: Content hash of the dataset.
        candidate_fingerprint: Content hash of the ranked candidates.
        evaluator_version: Version of the metrics' definition.
        histories: Content hash of what is known of users on whom nothing was trained; empty for other users.
        rows: Those that taught first, then by size, distilled ones after the others.
        scorers: What nobody trained and ranked the same candidates, by ascending AUC.
        passed_over: Records of its trials with other outcomes, which are not in the rows.
        told_apart_by: What tells it from another table of its dataset, setting and training negatives:
            "data 0a1b2c3d4e5f"; empty where there is no other.
        declared: Pairs of its rows that a suite declared to compare.
    """

    dataset: str
    split_scheme: str
    setting: str
    negatives: str
    data_fingerprint: str
    candidate_fingerprint: str
    evaluator_version: int
    histories: str
    rows: tuple[Row, ...]
    scorers: tuple[ScorerRow, ...] = ()
    passed_over: tuple[OtherOutcome, ...] = ()
    told_apart_by: str = ""
    declared: tuple[tuple[Row, Row], ...] = ()

    @property
    def ranked_what(self) -> tuple[str, str, str, str, str, int]:
        """What rows of another table must share to be held against these: data, candidates, metrics."""
        return (
            self.dataset,
            self.setting,
            self.negatives,
            self.data_fingerprint,
            self.candidate_fingerprint,
            self.evaluator_version,
        )

    @property
    def all_rows(self) -> tuple[AnyRow, ...]:
        """What was trained, then what was not."""
        return (*self.rows, *self.scorers)

    @property
    def cold(self) -> ColdStart | None:
        """Whom its rows are ranked for, where those are users on whom nothing was trained."""
        return self.rows[0].cold[0] if self.rows and self.rows[0].cold else None

    @property
    def label(self) -> str:
        """Its heading, as plain text that no other table of the page shares."""
        trained = "" if self.setting == self.negatives else f" (trained on {self.negatives} ones)"
        if trained and setting_label(self.setting) == self.setting:
            trained = f" (trained on {self.negatives} negatives)"
        if not self.negatives:
            trained = " (nothing trained)"
        apart = f", {self.told_apart_by}" if self.told_apart_by else ""
        whose = f" of {self.cold.dataset}" if self.cold else ""
        return f"{self.dataset}, {setting_label(self.setting)}{whose}{trained}{apart}"

    @property
    def users(self) -> int:
        """How many users were ranked."""
        return len(self.all_rows[0].records[0].test.users)

    @property
    def left_out(self) -> int:
        """How many users had no positive to rank."""
        return self.all_rows[0].records[0].test.left_out

    @property
    def fits(self) -> list[tuple[str, FitRecord]]:
        """Every fit that was evaluated as it was trained, after its row's name; once, by its first row."""
        found: dict[str, tuple[str, FitRecord]] = {}
        for row in self.rows:
            for record in row.records if not row.variant else ():
                found.setdefault(record.fit.trial, (row.name, record.fit))
        return list(found.values())

    @property
    def evaluated(self) -> list[FitRecord]:
        """The fit of each evaluation, of the fit itself or of a variant."""
        return [record.fit for row in self.rows for record in row.records]

    @cached_property
    def teacher(self) -> Row | None:
        """The row that taught most of the others; of equals the larger one. None if no row taught another."""
        if not self.rows:
            return None
        taught = [sum(self.teacher_of(other) is row for other in self.rows) for row in self.rows]
        best = max(range(len(self.rows)), key=lambda i: (taught[i], self.rows[i].parameters, -i))
        return self.rows[best] if taught[best] else None

    def teacher_of(self, row: Row) -> Row | None:
        """The row whose fits taught this one's, if it was distilled and they are here."""
        if not row.distilled:
            return None
        hashes = {record.fit.inputs.get("teacher") for record in row.records}
        fits = (other for other in self.rows if other is not row and not other.variant)
        return _scored_alike(row, [other for other in fits if hashes & other.fits])

    def against(self, row: Row) -> Row | None:
        """The teacher that a row is held against: its own if it was distilled, else the table's."""
        if (own := self.teacher_of(row)) is not None or self.teacher is None:
            return own
        return _scored_alike(row, [other for other in self.rows if other.weights == self.teacher.weights])

    def declared_against(self, row: Row) -> list[Row]:
        """What a suite declared to compare a row with."""
        return [other for own, other in self.declared if own is row]

    def baselines_of(self, row: Row) -> dict[Row, str]:
        """What a row is held against besides a teacher, and how it is told from it.

        For fits those that are one step away in what they minimise (see `apart_in_objectives`): the same but
        for a part, or with a part without a teacher in place of one with it. For a variant its own fits.
        Where users on whom nothing was trained are scored in several ways, fits scored alike are held against
        each other, and each way against those that stand before it.
        """
        fits = [other for other in self.rows if other is not row and not other.variant]
        alike = [other for other in fits if other.strategy == row.strategy]
        if row.variant:
            return {other: "as it was trained" for other in alike if other.fits == row.fits}
        before = self.rows[: self.rows.index(row)]
        ways = {
            other: f"with {other.strategy} in place of {row.strategy}"
            for other in fits
            if other.fits == row.fits and other in before
        }
        steps = {other: apart_in_objectives(row.fit, other.fit) for other in alike}
        return ways | {other: step for other, step in steps.items() if step is not None}


def _scored_alike(row: Row, others: Sequence[Row]) -> Row | None:
    """Of rows of the same weights the one that scores new users as a row does, else the first."""
    return next((other for other in others if other.strategy == row.strategy), next(iter(others), None))
