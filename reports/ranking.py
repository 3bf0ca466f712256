"""Trials that may share a table: the same candidates, ranked for the same users by the same evaluator."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..suites.records import QualityRecord

__all__ = ["METRICS", "Ranking", "Row"]

METRICS = {"auc": "AUC", "ndcg": "NDCG (all cut-offs)", "ndcg_standard": "NDCG (standard)"}
"""Fields of `UserScores` and their headings."""

_TEACHING = ("name", "objective", "alpha", "alpha_mode")
"""Keys of a method that say by what and by whom it is taught."""


@dataclass(frozen=True)
class Row:
    """One method of a table: its trials, one a seed.

    Attributes:
        name: The method's name, told apart from a namesake of another recipe by its trial.
        records: Its trials by ascending seed; all of one recipe.
    """

    name: str
    records: tuple[QualityRecord, ...]

    @property
    def model(self) -> str:
        """The zoo's name of the model."""
        return self.records[0].model

    @property
    def backbone(self) -> str:
        """The image network's name."""
        return self.records[0].backbone

    @property
    def image_size(self) -> int | None:
        """Pixels of the square images it was trained on; None if the description does not say."""
        return self.records[0].description.get("method", {}).get("image_size")

    @property
    def parameters(self) -> int:
        """Trainable parameters."""
        return self.records[0].parameters

    @property
    def seeds(self) -> tuple[int, ...]:
        """The trials' seeds, ascending."""
        return tuple(record.seed for record in self.records)

    @property
    def objective(self) -> str:
        """What it was trained with: "n-pair", "bpr", "fnd", …; empty if the description does not say."""
        return str(self.records[0].description.get("method", {}).get("objective", ""))

    @property
    def apart_from_teaching(self) -> dict[str, Any]:
        """All that its trials were made with but the objective and its teacher."""
        method = self.records[0].description.get("method", {})
        kept = {key: value for key, value in method.items() if key not in _TEACHING}
        return kept | {"model": self.model, "backbone": self.backbone}

    @property
    def distilled(self) -> bool:
        """Whether a teacher was used."""
        return self.records[0].distillation is not None

    def per_user(self, metric: str) -> NDArray[np.float64]:
        """(number of users,): a metric of each user, averaged over the seeds."""
        return np.mean([getattr(record.test, metric) for record in self.records], axis=0)

    def mean(self, metric: str) -> float:
        """The metric averaged over users and seeds."""
        return float(self.per_user(metric).mean())

    def seed_spread(self, metric: str) -> float:
        """Sample standard deviation of the seeds' means; NaN for one seed."""
        means = [np.mean(getattr(record.test, metric)) for record in self.records]
        return float(np.std(means, ddof=1)) if len(means) > 1 else float("nan")


@dataclass(frozen=True)
class Ranking:
    """The rows of one table.

    Attributes:
        dataset: Dataset name.
        split_scheme: "released" or "9:2:2".
        setting: "random", "hard", …
        data_fingerprint: Content hash of the dataset.
        candidate_fingerprint: Content hash of the ranked candidates.
        evaluator_version: Version of the metrics' definition.
        rows: The teacher first, then by size, distilled ones after the others.
    """

    dataset: str
    split_scheme: str
    setting: str
    data_fingerprint: str
    candidate_fingerprint: str
    evaluator_version: int
    rows: tuple[Row, ...]

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
        """The row that taught most of the others; without distillation the row whose model is the teacher."""
        taught = {
            row.name: sum(other is not row and self.teacher_of(other) is row for other in self.rows)
            for row in self.rows
        }
        best = max(self.rows, key=lambda row: (taught[row.name], row.parameters))
        if taught[best.name]:
            return best
        return next((row for row in self.rows if row.model == "teacher"), None)

    def teacher_of(self, row: Row) -> Row | None:
        """The row whose trials taught this one, if it was distilled and they are here."""
        hashes = {r.distillation.teacher_trial for r in row.records if r.distillation}
        return next((other for other in self.rows if hashes & {r.trial for r in other.records}), None)

    def baseline_of(self, row: Row) -> Row | None:
        """What distillation has to beat: the same model and recipe, trained with N-pair and no teacher."""
        same = (
            other
            for other in self.rows
            if other is not row and other.apart_from_teaching == row.apart_from_teaching
        )
        return next((other for other in same if other.objective == "n-pair" and not other.distilled), None)
