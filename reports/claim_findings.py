"""What records say of claims: each comparison on each dataset that ranked its rows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..evaluation.metrics import PairedComparison, holm, paired_comparison
from .differences import claimed, compared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ..suites.records import QualityRecord
    from .claim_file import Claim, Comparison
    from .comparison_table import ComparisonTable
    from .table_rows import Row

__all__ = ["HOLDS", "NOT", "NOT_RUN", "OPEN", "Finding", "findings", "verdict"]

HOLDS, NOT, OPEN, NOT_RUN = "holds", "does not hold", "not told apart", "not run"


@dataclass(frozen=True)
class Finding:
    """One comparison, where it could be made.

    Attributes:
        claim: The claim it belongs to.
        comparison: As the claim has it.
        tables: What ranked: one table, or two where the comparison is of two settings.
        rows: The rows that it is of, as they are written: two or four.
        paired: Their difference in AUC, over users and seeds.
        holm_p: Its p-value, corrected for all comparisons of the page on that dataset.
    """

    claim: Claim
    comparison: Comparison
    tables: tuple[ComparisonTable, ...]
    rows: tuple[Row, ...]
    paired: PairedComparison
    holm_p: float = float("nan")

    @property
    def dataset(self) -> str:
        """Where it was ranked."""
        return self.tables[0].dataset

    @property
    def records(self) -> list[tuple[Row, QualityRecord]]:
        """The evaluations that it rests on."""
        return [(row, record) for row in self.rows for record in row.records]

    @property
    def says(self) -> str:
        """Whether it holds, by what a claim takes (`claimed`)."""
        paired, within = self.paired, self.claim.alike_within
        apart = claimed(paired, self.holm_p)
        if within is None:
            return (HOLDS if paired.difference > 0 else NOT) if apart else OPEN
        ends = (paired.low, paired.high, paired.seeds_low, paired.seeds_high)
        if all(abs(100 * end) <= within for end in ends):
            return HOLDS
        beyond = all(abs(100 * end) > within for end in ends)  # a difference that shows may be a small one
        return NOT if apart and beyond else OPEN


def findings(claims: Sequence[Claim], tables: Sequence[ComparisonTable]) -> list[Finding]:
    """Every comparison of `claims` that can be made of `tables`, by claim and dataset."""
    worlds: dict[tuple[Any, ...], list[ComparisonTable]] = defaultdict(list)
    for ranked in tables:
        world = (ranked.dataset, ranked.split_scheme, ranked.data_fingerprint, ranked.evaluator_version)
        worlds[world].append(ranked)
    found: list[Finding] = []
    for members in worlds.values():
        own = [
            Finding(claim, comparison, where, rows, paired)
            for claim in claims
            for comparison in claim.comparisons
            for where in _places(claim, comparison, members)
            for rows, paired in _compared(comparison, where)
        ]
        corrected = holm([finding.paired.p_value for finding in own]).tolist()
        found += [replace(finding, holm_p=p) for finding, p in zip(own, corrected, strict=True)]
    return found


def verdict(claim: Claim, found: Sequence[Finding]) -> str:
    """What the findings of one claim on one dataset say together."""
    said = [finding.says for finding in found]
    if NOT in said:
        return NOT
    asked = {id(finding.comparison) for finding in found}
    if said and all(one == HOLDS for one in said):
        return HOLDS if len(asked) == len(claim.comparisons) else f"{HOLDS}, as far as it was run"
    return OPEN if said else NOT_RUN


def _places(
    claim: Claim, comparison: Comparison, tables: Sequence[ComparisonTable]
) -> Iterator[tuple[ComparisonTable, ...]]:
    """The tables that a comparison is made in; where it is of two settings, pairs of them.

    Hard negatives are ranked by what was trained on half of them, as in the paper, where there is such one.
    """

    def of(setting: str) -> list[ComparisonTable]:
        ranked = [table for table in tables if table.setting == setting and table.rows]
        return [table for table in ranked if table.negatives == setting] or ranked

    if comparison.on is None:
        yield from ((table,) for setting in claim.settings for table in of(setting))
    else:
        first, second = map(of, comparison.on)
        yield from ((one, other) for one in first for other in second)


def _compared(
    comparison: Comparison, tables: tuple[ComparisonTable, ...]
) -> Iterator[tuple[tuple[Row, ...], PairedComparison]]:
    """The comparison, if all its rows are there, rank the same users and more than one, and share a seed."""
    first, last = tables[0], tables[-1]
    users = {tuple(ranked.all_rows[0].records[0].test.users) for ranked in tables}
    rows = [*_rows(comparison.more, first), *_rows(comparison.than, last)]
    if None in rows or len(users) > 1 or first.users < 2:
        return
    present = tuple(row for row in rows if row is not None)
    if len(present) == 2 and first is last:
        yield present, compared(*present, "auc")
        return
    seeds = [seed for seed in present[0].seeds if all(seed in row.seeds for row in present)]
    if seeds:
        half = len(present) - len(_names(comparison.than))
        sides = (_quantity(part, seeds) for part in (present[:half], present[half:]))
        yield present, paired_comparison(*sides)


def _names(side: str | tuple[str, str]) -> tuple[str, ...]:
    return (side,) if isinstance(side, str) else side


def _rows(side: str | tuple[str, str], ranked: ComparisonTable) -> list[Row | None]:
    by_name = {row.name: row for row in ranked.rows if not row.variant}
    return [by_name.get(name) for name in _names(side)]


def _quantity(rows: Sequence[Row], seeds: Sequence[int]) -> NDArray[np.float64]:
    """A row's AUC, or what the first of two gains on the second, by seed and user."""
    values = [row.per_seed("auc")[[row.seeds.index(seed) for seed in seeds]] for row in rows]
    return values[0] if len(values) == 1 else values[0] - values[1]
