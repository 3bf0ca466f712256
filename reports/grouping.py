"""Trials sorted into tables whose rows can be compared, and trials of one recipe into rows."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ..datasets.errors import Fault, InputError
from .ranking import Ranking, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..suites.records import QualityRecord

__all__ = ["rankings"]


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
