"""Evaluations that may share a table: the same candidates, users, training negatives and evaluator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..evaluation.metrics import bootstrap_interval
from .recipes import apart_in_objectives, objectives_label

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..suites.records import FitRecord, QualityRecord
    from .record_choice import OtherOutcome

__all__ = ["METRICS", "ComparisonTable", "Row", "setting_label"]

METRICS = {"auc": "AUC", "ndcg": "NDCG (all cut-offs)", "ndcg_standard": "NDCG (standard)"}
"""Fields of `UserScores` and their headings."""

_CHANCE = 0.5
"""The AUC of a random order."""


@dataclass(frozen=True, eq=False)
class Row:
    """One method of a table: its evaluations, one a seed.

    Attributes:
        name: The method's name, told apart from a namesake of another recipe by its trial.
        records: Its evaluations by ascending seed; all fits of one recipe.
    """

    name: str
    records: tuple[QualityRecord, ...]

    @property
    def fit(self) -> FitRecord:
        """The first seed's fit, which stands for what all of them share."""
        return self.records[0].fit

    @property
    def fits(self) -> frozenset[str]:
        """Hashes of its fits."""
        return frozenset(record.fit.trial for record in self.records)

    @property
    def weights(self) -> frozenset[str]:
        """Hashes of the trials whose weights were evaluated: its fits, or variants of them."""
        return frozenset(record.inputs["weights"] for record in self.records)

    @property
    def variant(self) -> str:
        """What compression made of the fits; empty for the fits themselves."""
        return self.records[0].variant

    @property
    def model(self) -> str:
        """The zoo's name of the model."""
        return self.fit.model

    @property
    def backbone(self) -> str:
        """The image network's name."""
        return self.fit.backbone

    @property
    def parameters(self) -> int:
        """Parameters of the model as it is shipped."""
        return self.fit.parameters

    @property
    def seeds(self) -> tuple[int, ...]:
        """The fits' seeds, ascending."""
        return tuple(record.fit.seed for record in self.records)

    @property
    def objectives(self) -> str:
        """What it was trained with: "n-pair + 0.2 contrastive"; empty if the description does not say."""
        return objectives_label(self.fit.description)

    @property
    def distilled(self) -> bool:
        """Whether it is a fit that a teacher was used for; a variant is compared with its fit alone."""
        return "teacher" in self.fit.inputs and not self.variant

    def per_user(self, metric: str) -> NDArray[np.float64]:
        """(number of users,): a metric of each user, averaged over the seeds."""
        return np.mean([getattr(record.test, metric) for record in self.records], axis=0)

    def per_seed(self, metric: str) -> dict[int, float]:
        """The metric averaged over users, by seed."""
        return {record.fit.seed: float(np.mean(getattr(record.test, metric))) for record in self.records}

    def mean(self, metric: str) -> float:
        """The metric averaged over users and seeds."""
        return float(self.per_user(metric).mean())

    def seed_spread(self, metric: str) -> float:
        """Sample standard deviation of the seeds' means; NaN for one seed."""
        means = list(self.per_seed(metric).values())
        return float(np.std(means, ddof=1)) if len(means) > 1 else float("nan")

    @cached_property
    def beats_chance(self) -> bool:
        """Whether the interval of its AUC lies above that of a random order."""
        return bootstrap_interval(self.per_user("auc"))[0] > _CHANCE

    @cached_property
    def holds_chance(self) -> bool:
        """Whether the interval of its AUC holds that of a random order."""
        low, high = bootstrap_interval(self.per_user("auc"))
        return low <= _CHANCE <= high


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
        negatives: Training negatives of its fits.
        data_fingerprint: Content hash of the dataset.
        candidate_fingerprint: Content hash of the ranked candidates.
        evaluator_version: Version of the metrics' definition.
        rows: Those that taught first, then by size, distilled ones after the others.
        passed_over: Records of its trials with other outcomes, which are not in the rows.
        told_apart_by: What tells it from another table of its dataset, setting and training negatives:
            "data 0a1b2c3d4e5f"; empty where there is no other.
    """

    dataset: str
    split_scheme: str
    setting: str
    negatives: str
    data_fingerprint: str
    candidate_fingerprint: str
    evaluator_version: int
    rows: tuple[Row, ...]
    passed_over: tuple[OtherOutcome, ...] = ()
    told_apart_by: str = ""

    @property
    def label(self) -> str:
        """Its heading, as plain text that no other table of the page shares."""
        trained = "" if self.setting == self.negatives else f" (trained on {self.negatives} ones)"
        if trained and setting_label(self.setting) == self.setting:
            trained = f" (trained on {self.negatives} negatives)"
        apart = f", {self.told_apart_by}" if self.told_apart_by else ""
        return f"{self.dataset}, {setting_label(self.setting)}{trained}{apart}"

    @property
    def users(self) -> int:
        """How many users were ranked."""
        return len(self.rows[0].records[0].test.users)

    @property
    def left_out(self) -> int:
        """How many users had no positive to rank."""
        return self.rows[0].records[0].test.left_out

    @cached_property
    def teacher(self) -> Row | None:
        """The row that taught most of the others; of equals the larger one. None if no row taught another."""
        taught = [sum(self.teacher_of(other) is row for other in self.rows) for row in self.rows]
        best = max(range(len(self.rows)), key=lambda i: (taught[i], self.rows[i].parameters, -i))
        return self.rows[best] if taught[best] else None

    def teacher_of(self, row: Row) -> Row | None:
        """The row whose fits taught this one's, if it was distilled and they are here."""
        if not row.distilled:
            return None
        hashes = {record.fit.inputs.get("teacher") for record in row.records}
        fits = (other for other in self.rows if other is not row and not other.variant)
        return next((other for other in fits if hashes & other.fits), None)

    def baselines_of(self, row: Row) -> dict[Row, str]:
        """What a row is held against besides a teacher, and how it is told from it.

        For fits those that are one step away in what they minimise (see `apart_in_objectives`): the same but
        for a part, or with a part without a teacher in place of one with it. For a variant its own fits.
        """
        fits = [other for other in self.rows if other is not row and not other.variant]
        if row.variant:
            return {other: "as it was trained" for other in fits if other.fits == row.fits}
        steps = {other: apart_in_objectives(row.fit, other.fit) for other in fits}
        return {other: step for other, step in steps.items() if step is not None}
