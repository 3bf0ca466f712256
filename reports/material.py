"""What a report is made of: records, sorted into what was ranked, what was measured, and the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..core.errors import Fault, InputError
from ..suites.records import (
    CostRecord,
    DatasetRecord,
    FitRecord,
    Prepared,
    QualityRecord,
    Record,
    ScorerRecord,
    SpaceRecord,
    SuiteRecord,
    VariantRecord,
)
from .comparison_table import ComparisonTable
from .convergence import longer_fits, without_longer
from .costs import CostGroup, Network, cost_groups, network_of
from .grouping import comparison_tables, names_of_fits
from .record_choice import distinct

__all__ = ["Material", "material_of"]


@dataclass(frozen=True, eq=False)
class Material:
    """Records, sorted.

    Attributes:
        suites: Who asked for the trials.
        names: Of fits, by hash.
        tables: What was ranked; sweeps are among the rows.
        longer: The same of fits trained for longer, which stand in no table.
        twice: By the hash of a fit that of the one trained for longer.
        groups: What was measured.
        variants: What compression made.
        others: Fits, evaluated or not, stems and neighbours.
        datasets: What datasets are like.
        spaces: User–outfit spaces.
        failed: Of trials that failed and have no record here, what it was, and the reason.
    """

    suites: Sequence[SuiteRecord]
    names: Mapping[str, str]
    tables: Sequence[ComparisonTable]
    longer: Sequence[ComparisonTable]
    twice: Mapping[str, str]
    groups: Sequence[CostGroup]
    variants: Sequence[VariantRecord]
    others: Sequence[FitRecord | Prepared]
    datasets: Sequence[DatasetRecord]
    spaces: Sequence[SpaceRecord]
    failed: Sequence[tuple[str, str]]


def material_of(records: Iterable[Record]) -> Material:
    """Sort records. The same ones, in any order, give the same.

    Raises:
        InputError: If there is no trial and no dataset among them, or a trial ranked nobody, or other users
            than the rest of its table.
    """
    records = list(records)
    qualities = [record for record in records if isinstance(record, QualityRecord | ScorerRecord)]
    costs = [record for record in records if isinstance(record, CostRecord)]
    others = distinct([record for record in records if isinstance(record, FitRecord | Prepared)])
    datasets = distinct([record for record in records if isinstance(record, DatasetRecord)])
    suites = distinct([record for record in records if isinstance(record, SuiteRecord)])
    spaces = distinct([record for record in records if isinstance(record, SpaceRecord)])
    if not (qualities or costs or others or spaces or datasets):
        raise InputError(
            Fault("argument records", "no trial and no dataset", "at least one", "run a suite first")
        )
    names = names_of_fits(suites)
    twice = longer_fits(suites)
    ranked, longer = without_longer(qualities, twice)
    tables = comparison_tables(ranked, names, others, [pair for suite in suites for pair in suite.compare])
    return Material(
        suites,
        names,
        tables,
        comparison_tables(longer, names, others),
        twice,
        cost_groups(costs, names, _teachers(tables, others)),
        distinct([record for record in records if isinstance(record, VariantRecord)]),
        others,
        datasets,
        spaces,
        _failed(
            suites,
            {record.trial for record in records if not isinstance(record, SuiteRecord | DatasetRecord)},
        ),
    )


def _failed(suites: Sequence[SuiteRecord], made: set[str]) -> list[tuple[str, str]]:
    """What failed, as the latest suite that tells of it has it."""
    latest: dict[str, tuple[str, str]] = {}
    for suite in sorted(suites, key=lambda suite: (suite.date, suite.fingerprint)):
        latest |= suite.failed
    return sorted(told for trial, told in latest.items() if trial not in made)


def _teachers(tables: Sequence[ComparisonTable], others: Sequence[FitRecord | Prepared]) -> set[Network]:
    """The networks of the fits that taught another."""
    evaluated = [fit for ranked in tables for fit in ranked.evaluated]
    fits = [*evaluated, *(record for record in others if record.kind == "fit")]
    taught = {trial for fit in fits if (trial := fit.inputs.get("teacher"))}
    return {network_of(fit) for fit in fits if fit.trial in taught}
