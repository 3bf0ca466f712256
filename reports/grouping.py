"""Evaluations sorted into tables whose rows can be compared, and those of one recipe into rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from ..core.errors import Fault, InputError
from ..core.hashes import canonical_json
from ..evaluation.metrics import places
from .comparison_table import ComparisonTable
from .recipes import Recipes
from .record_choice import distinct, one_of_each_trial, shuffled_where_there_is
from .table_rows import Row, ScorerRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..suites.records import (
        Evaluation,
        FitRecord,
        Prepared,
        QualityRecord,
        ScorerRecord,
        SuiteRecord,
    )

__all__ = ["comparison_tables", "names_of_fits", "row_name"]

_SHORT = {"avg": "", "w-avg": " (w)"}
"""How the paper's Table 3 tells the rows of one method apart that scores new users in several ways."""


def names_of_fits(suites: Iterable[SuiteRecord]) -> dict[str, str]:
    """The name that people gave to each fit, by its hash; of two suites that name one, the later is right."""
    names: dict[str, str] = {}
    for suite in sorted(suites, key=lambda suite: (suite.date, suite.fingerprint, suite.suite)):
        names |= suite.names
    return names


def comparison_tables(
    records: Sequence[QualityRecord | ScorerRecord],
    names: Mapping[str, str] | None = None,
    others: Iterable[FitRecord | Prepared] = (),
    declared: Iterable[tuple[str, str]] = (),
) -> list[ComparisonTable]:
    """Sort evaluations into tables whose rows can be compared, and those of one recipe into rows.

    Rows of other data, candidates, training negatives or of another evaluator go to another table. What
    nobody trained stands in each table that ranks the same, whatever its training negatives.

    Args:
        records: Evaluations.
        names: Of fits, by hash; a fit without one goes by the name it was trained under.
        others: Trials that were not evaluated, but may be inputs of those that were.
        declared: Pairs of fits, by hash, whose rows suites declared to compare.

    Raises:
        InputError: If a trial ranked nobody, or ranked other users than the rest of its table.
    """
    chosen = shuffled_where_there_is(records)
    shown, passed_over = one_of_each_trial([record for record in chosen if record.kind == "quality"])
    scorers = {record.trial: record for record in reversed(distinct(r for r in chosen if r.kind == "scorer"))}
    recipes = Recipes([*others, *(record.fit for record in shown)])
    taught = {trial for record in shown if (trial := record.fit.inputs.get("teacher"))}
    groups: dict[tuple[Any, ...], list[QualityRecord]] = defaultdict(list)
    for record in shown:
        groups[_key(record)].append(record)
    untrained: dict[tuple[Any, ...], list[ScorerRecord]] = defaultdict(list)
    for record in scorers.values():
        untrained[_ranked(record, record)].append(record)
    for ranked in untrained.keys() - {_apart_from_negatives(key) for key in groups}:
        groups[(*ranked[:3], "", *ranked[3:])] = []
    # "random" before the rest: the paper's order; everything else by name.
    order = sorted(groups, key=lambda key: (key[:2], key[2] != "random", key[2], key[3] != key[2], *key[3:]))
    declared = list(dict.fromkeys(declared))
    rows_of = {key: _rows(groups[key], recipes, names or {}, taught) for key in order}
    return [
        ComparisonTable(
            *key,
            rows=rows_of[key],
            declared=_declared(rows_of[key], declared),
            scorers=_scorer_rows(untrained[_apart_from_negatives(key)], groups[key]),
            passed_over=tuple(other for other in passed_over if _key(other.shown) == key),
            told_apart_by=_told_apart_by(key, order),
        )
        for key in order
    ]


def _key(record: QualityRecord) -> tuple[Any, ...]:
    """The first fields of a `ComparisonTable`, in its order."""
    ranked = _ranked(record, record.fit, record.cold.histories if record.cold else "")
    return (*ranked[:3], record.fit.negatives, *ranked[3:])


def _ranked(record: Evaluation, about: FitRecord | ScorerRecord, histories: str = "") -> tuple[Any, ...]:
    """What of a table's key is said by what is ranked, and what is known of users who are new."""
    return (
        about.dataset,
        about.split_scheme,
        record.setting,
        about.data_fingerprint,
        record.candidate_fingerprint,
        record.evaluator_version,
        histories,
    )


def _apart_from_negatives(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*key[:3], *key[4:])


def _told_apart_by(key: tuple[Any, ...], keys: Sequence[tuple[Any, ...]]) -> str:
    """What of a table's key differs among those of its dataset, setting and training negatives."""
    rivals = [k for k in keys if (k[0], k[2], k[3]) == (key[0], key[2], key[3])]
    facts = {1: f"split {key[1]}", 4: f"data {key[4][:12]}", 5: f"candidates {key[5][:12]}"}
    facts |= {6: f"evaluator version {key[6]}", 7: f"known outfits {key[7][:12]}"}
    return ", ".join(fact for at, fact in facts.items() if len({rival[at] for rival in rivals}) > 1)


def _rows(
    records: Sequence[QualityRecord], recipes: Recipes, names: Mapping[str, str], taught: set[str]
) -> tuple[Row, ...]:
    if records:
        _refuse_other_users(records)
    grouped = _by_recipe(records, recipes)
    titles = [row_name(trials, names) for trials in grouped]
    times = Counter(titles)
    rows = []
    for title, trials in zip(titles, grouped, strict=True):
        label = title if times[title] == 1 else f"{title} (trial {trials[0].fit.trial[:8]})"
        rows.append(Row(label, tuple(trials)))
    return tuple(
        sorted(
            rows,
            key=lambda row: (not row.fits & taught, row.parameters, "teacher" in row.fit.inputs, row.name),
        )
    )


def _declared(rows: Sequence[Row], pairs: Sequence[tuple[str, str]]) -> tuple[tuple[Row, Row], ...]:
    """The pairs whose rows are both here and score new users in one way, each once."""
    found = [
        (row, other)
        for way in dict.fromkeys(row.strategy for row in rows)
        for of in [{fit: row for row in rows if row.strategy == way and not row.variant for fit in row.fits}]
        for row, other in ((of.get(fit), of.get(against)) for fit, against in pairs)
        if row is not None and other is not None and row is not other
    ]
    return tuple(dict.fromkeys(found))


def _scorer_rows(records: Sequence[ScorerRecord], trained: Sequence[QualityRecord]) -> tuple[ScorerRow, ...]:
    """By ascending AUC; namesakes, one of which a stranger defines, are told apart."""
    if records:
        _refuse_other_users([*trained[:1], *records])
    times = Counter(record.scorer for record in records)
    rows = [
        ScorerRow(
            record.scorer if times[record.scorer] == 1 else f"{record.scorer} (trial {record.trial[:8]})",
            (record,),
        )
        for record in records
    ]
    order = dict(zip(rows, places([row.mean("auc") for row in rows]), strict=True))
    return tuple(sorted(rows, key=lambda row: (order[row], row.name)))


def _by_recipe(records: Sequence[QualityRecord], recipes: Recipes) -> list[list[QualityRecord]]:
    """Evaluations of one recipe by ascending seed; no seed twice, as inputs without a record could give."""
    by_recipe: dict[tuple[str, str, str], list[QualityRecord]] = defaultdict(list)
    for record in records:
        way = canonical_json([record.cold.strategy, record.cold.options]) if record.cold else ""
        by_recipe[recipes.of(record.fit), record.variant, way].append(record)
    found = []
    for members in by_recipe.values():
        if len({record.fit.seed for record in members}) == len(members):
            found.append(members)
            continue
        exactly: dict[str, list[QualityRecord]] = defaultdict(list)
        for record in members:
            exactly[recipes.exact(record.fit)].append(record)
        found += exactly.values()
    return [sorted(members, key=lambda record: (record.fit.seed, record.trial)) for members in found]


def row_name(trials: Sequence[QualityRecord], names: Mapping[str, str]) -> str:
    """What people call a recipe: what a suite calls its first seed that one names, else as it was trained.

    Args:
        trials: Evaluations of one recipe.
        names: Of fits, by hash.
    """
    given = (names[record.fit.trial] for record in trials if record.fit.trial in names)
    variant = f" · {trials[0].variant}" if trials[0].variant else ""
    way = _SHORT.get(trials[0].cold.strategy, "") if trials[0].cold else ""
    return next(given, trials[0].fit.method) + variant + way


def _refuse_other_users(records: Sequence[Evaluation]) -> None:
    users = records[0].test.users
    for record in records:
        where = f"trial {record.trial}, test.users"
        if not record.test.users:
            raise InputError(Fault(where, "no user", "at least one"))
        if record.test.users != users:
            others = len(set(record.test.users) - set(users))
            found = f"{len(record.test.users)} users, of which {others} others"
            raise InputError(Fault(where, found, f"those of trial {records[0].trial}"))
