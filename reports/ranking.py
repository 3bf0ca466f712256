"""Trials that may share a table: the same candidates, ranked for the same users by the same evaluator."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..datasets.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..suites.records import QualityRecord

__all__ = ["METRICS", "Ranking", "Row", "rankings"]

METRICS = {"auc": "AUC", "ndcg": "NDCG (all cut-offs)", "ndcg_standard": "NDCG (standard)"}
"""Fields of `UserScores` and their headings."""


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
        """The same model trained with N-pair and no teacher: what distillation has to beat."""
        same = (other for other in self.rows if (other.model, other.backbone) == (row.model, row.backbone))
        return next((o for o in same if o is not row and o.objective == "n-pair" and not o.distilled), None)


def rankings(records: Sequence[QualityRecord]) -> list[Ranking]:
    """Sort trials into tables whose rows can be compared, and trials of one recipe into rows.

    Rows of other data, other candidates or another evaluator go to another table.

    Raises:
        InputError: If one trial has two outcomes, ranked nobody, or ranked other users than the rest.
    """
    groups: dict[tuple[Any, ...], list[QualityRecord]] = defaultdict(list)
    recipes = _Recipes(records)
    for record in _distinct(records):
        groups[
            record.dataset,
            record.split_scheme,
            record.setting,
            record.data_fingerprint,
            record.candidate_fingerprint,
            record.evaluator_version,
        ].append(record)
    # "random" before "hard": the paper's order; everything else by name.
    order = sorted(groups, key=lambda key: (key[0], key[1], key[2] != "random", *key[2:]))
    return [Ranking(*key, rows=_rows(groups[key], recipes)) for key in order]


def _distinct(records: Sequence[QualityRecord]) -> list[QualityRecord]:
    """The records, each trial once."""
    by_trial: dict[str, QualityRecord] = {}
    for record in sorted(records, key=lambda r: (r.trial, r.model_dump_json())):
        first = by_trial.setdefault(record.trial, record)
        if _outcome(first) != _outcome(record):
            raise InputError(
                Fault(
                    f"trial {record.trial}",
                    "two records with different outcomes",
                    "one",
                    "report one run at a time",
                )
            )
    return list(by_trial.values())


def _outcome(record: QualityRecord) -> dict[str, Any]:
    return record.model_dump(exclude={"seconds", "machine"})


def _rows(records: Sequence[QualityRecord], recipes: _Recipes) -> tuple[Row, ...]:
    users = records[0].test.users
    for record in records:
        if not record.test.users:
            raise InputError(Fault(f"trial {record.trial}, test.users", "no user", "at least one"))
        if record.test.users != users:
            found = (
                f"{len(record.test.users)} users, of which {len(set(record.test.users) - set(users))} others"
            )
            raise InputError(
                Fault(f"trial {record.trial}, test.users", found, f"those of trial {records[0].trial}")
            )
    by_recipe: dict[tuple[str, str], list[QualityRecord]] = defaultdict(list)
    for record in records:
        by_recipe[record.method, recipes.of(record)].append(record)
    namesakes = [name for name, _ in by_recipe]
    rows = []
    for (name, _), trials in by_recipe.items():
        trials.sort(key=lambda record: record.seed)
        label = name if namesakes.count(name) == 1 else f"{name} (trial {trials[0].trial[:8]})"
        rows.append(Row(label, tuple(trials)))
    return tuple(
        sorted(rows, key=lambda row: (row.model != "teacher", row.parameters, row.distilled, row.name))
    )


class _Recipes:
    """What of a description says how a trial was made, leaving out its seed.

    A student's description names its teacher's trial, whose hash depends on the seed, too; it is replaced by
    the teacher's own recipe, so that students of several seeds are seen to be of one recipe.
    """

    def __init__(self, records: Sequence[QualityRecord]) -> None:
        self._by_trial = {record.trial: record for record in records}

    def of(self, record: QualityRecord) -> str:
        """A canonical spelling of the recipe."""
        teacher = record.distillation.teacher_trial if record.distillation else None
        known = self._by_trial.get(teacher) if teacher else None
        stand_in = self.of(known) if known else "a teacher without a record"

        def clean(value: Any) -> Any:  # noqa: ANN401 - any JSON value
            if isinstance(value, dict):
                return {key: clean(inner) for key, inner in value.items() if key != "seed"}
            if isinstance(value, list):
                return [clean(inner) for inner in value]
            return stand_in if teacher is not None and value == teacher else value

        return json.dumps([record.model, record.backbone, clean(record.description)], sort_keys=True)
