"""What changed between two reports: what got slower, larger or worse, and whether by more than noise."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .costs import configuration, machine_label, network_of, sampled
from .differences import compared
from .markdown import escape, table
from .quantities import counted, hundredfold, quantity, signed

if TYPE_CHECKING:
    from ..bench.measurement import Measurement
    from ..suites.records import CostRecord, Machine
    from .comparison_table import ComparisonTable
    from .material import Material
    from .table_rows import AnyRow

__all__ = ["DRIFT", "Change", "Regression", "regression", "regression_page"]

DRIFT = 0.05
"""Medians of two runs on one quiet machine may be apart by this part; less is no change."""

_ASKED = ("batch", "outfits", "recommend_candidates", "catalogue_items", "vectors", "best", "history")
"""Of the effort, what decides what is asked; the rest says how often, and how long."""

Verdict = Literal["worse", "better", "noise"]


@dataclass(frozen=True)
class Change:
    """One figure in both reports.

    Attributes:
        row: Whose it is, as plain text.
        figure: What it is.
        before: As it was, with its interval where it has one.
        after: As it is.
        change: The difference, or the ratio.
        verdict: "noise" where the change is not more than two runs of the same may show.
    """

    row: str
    figure: str
    before: str
    after: str
    change: str
    verdict: Verdict


@dataclass(frozen=True)
class Regression:
    """Two reports beside each other.

    Attributes:
        changes: Every figure that both have, those of quality first.
        apart: What of the newer report has no counterpart, and why, a sentence each.
    """

    changes: tuple[Change, ...]
    apart: tuple[str, ...]

    def of(self, verdict: Verdict) -> list[Change]:
        """The changes of one verdict."""
        return [change for change in self.changes if change.verdict == verdict]

    def __str__(self) -> str:
        worse = self.of("worse")
        lines = [
            f"{counted(len(self.changes), 'figure')} in both reports: {len(worse)} worse, "
            f"{len(self.of('better'))} better, {len(self.of('noise'))} within noise.",
            *(f"worse: {c.row}, {c.figure}: {c.before} before, {c.after} now ({c.change})" for c in worse),
            *self.apart,
        ]
        return "\n".join(lines)


def regression(now: Material, before: Material) -> Regression:
    """Hold a report against an older one; costs only where both are of one kind of machine."""
    quality, unranked = _quality(now.tables, before.tables)
    costs, apart = _costs(now, before)
    return Regression((*quality, *costs), (*unranked, *apart))


def regression_page(found: Regression) -> str:
    """The same as markdown."""
    parts = ["# What changed", f"Made by `outfitbench report` from records alone. {_LEGEND}"]
    titles: dict[Verdict, str] = {"worse": "Worse", "better": "Better", "noise": "Within noise"}
    for verdict, title in titles.items():
        changes = found.of(verdict)
        parts += [f"## {title}", _table(changes) if changes else "Nothing."]
    if found.apart:
        parts += ["## Not compared", "\n".join(f"- {escape(sentence)}" for sentence in found.apart)]
    return "\n\n".join(parts) + "\n"


_LEGEND = (
    "AUC and NDCG changed where the bootstrap 95 % interval of the paired difference, over users and seeds, "
    "leaves 0 out. A time, a rate or the memory of a process changed where the two medians are more than "
    f"{100 * DRIFT:.0f} % apart and their 95 % intervals do not meet; a time or a rate of fewer than six "
    "samples has none, and counts as noise. What is counted changed where it is another number. Costs of two "
    "kinds of machine are never compared, nor what was asked for another number of outfits, candidates, "
    "items or vectors."
)


def _table(changes: Sequence[Change]) -> str:
    rows = [
        {
            "Row": escape(change.row),
            "Figure": escape(change.figure),
            "Before": change.before,
            "Now": change.after,
            "Change": change.change,
        }
        for change in changes
    ]
    return table(rows, text_columns=2)


def _quality(
    now: Iterable[ComparisonTable], before: Iterable[ComparisonTable]
) -> tuple[list[Change], list[str]]:
    changes: list[Change] = []
    apart: list[str] = []
    known = {_ranked(ranked): ranked for ranked in before}
    for ranked in now:
        older = known.get(_ranked(ranked))
        if older is None:
            apart.append(f"{ranked.label}: the other report ranks no such candidates for these users")
            continue
        rows = {row.name: row for row in older.all_rows}
        alone = [row.name for row in ranked.all_rows if row.name not in rows]
        if alone:
            apart.append(f"{ranked.label}: the other report does not have {', '.join(alone)}")
        for row in ranked.all_rows:
            if row.name in rows and ranked.users > 1:
                changes += _quality_changes(row, rows[row.name], ranked.label)
    return changes, apart


def _quality_changes(row: AnyRow, other: AnyRow, where: str) -> Iterator[Change]:
    for metric, heading in (("auc", "AUC"), ("ndcg", "NDCG")):
        found = compared(row, other, metric)
        verdict: Verdict = "worse" if found.high < 0 else "better" if found.low > 0 else "noise"
        yield Change(
            f"{row.name}, {where}",
            heading,
            hundredfold(other.mean(metric)),
            hundredfold(row.mean(metric)),
            f"{signed(found.difference)} [{signed(found.low)}, {signed(found.high)}]",
            verdict,
        )


def _ranked(ranked: ComparisonTable) -> Hashable:
    """What must be the same for two evaluations to be comparable user by user."""
    users = tuple(ranked.all_rows[0].records[0].test.users)
    return (*ranked.ranked_what, ranked.histories, users)


def _costs(now: Material, before: Material) -> tuple[list[Change], list[str]]:
    ours = {_measured(record): record for group in now.groups for record in group.taken}
    theirs = {_measured(record): record for group in before.groups for record in group.taken}
    changes = [
        change
        for key, record in ours.items()
        if key in theirs
        for change in _cost_changes(record, theirs[key])
    ]
    machines = {_kind(record.machine): machine_label(record.machine) for record in theirs.values()}
    strange = {
        machine_label(record.machine)
        for record in ours.values()
        if machines and _kind(record.machine) not in machines
    }
    known = "; ".join(machines.values())
    apart = [
        f"costs on {label}: those of the other report are of another kind of machine ({known})"
        for label in sorted(strange)
    ]
    alone = sum(key not in theirs and _kind(record.machine) in machines for key, record in ours.items())
    if alone:
        apart.append(f"{counted(alone, 'row')} of costs that the other report does not have")
    return changes, apart


def _kind(machine: Machine) -> Hashable:
    """What makes two machines one kind: versions may differ, for that is what may have changed the figure."""
    return (
        machine.processor,
        machine.generation,
        machine.cores,
        machine.memory_bytes >> 30,
        machine.accelerator,
        tuple(sorted(machine.cpu_flags)),
    )


def _measured(record: CostRecord) -> Hashable:
    """What was asked of what where; of several, the last of a group, which is the latest."""
    return (
        record.workload,
        *(record.effort.get(name) for name in _ASKED),
        record.method,
        record.variant,
        network_of(record),
        configuration(record),
        record.outfit_size,
        record.dataset,
        record.data_fingerprint,
        record.evaluator_version,
        _kind(record.machine),
    )


def _cost_changes(record: CostRecord, other: CostRecord) -> Iterator[Change]:
    row = ", ".join(filter(None, [record.method, record.variant, str(configuration(record))]))
    for name in record.measurements:
        own, older = sampled(record, name), sampled(other, name)
        if own is None or older is None or own.unit != older.unit or not older.median:
            continue
        if name.endswith("throughput") and record.batch != other.batch:
            continue
        ratio = own.median / older.median
        yield Change(
            row,
            name.replace("_", " "),
            _written(older),
            _written(own),
            f"{ratio:.2f} times",
            _verdict(own, older, ratio),
        )


def _verdict(own: Measurement, older: Measurement, ratio: float) -> Verdict:
    if own.session:  # measured, not counted
        (low, high), (older_low, older_high) = own.median_interval(), older.median_interval()
        if own.unit != "byte" and not (own.has_interval and older.has_interval):
            return "noise"
        if abs(ratio - 1) <= DRIFT or (low <= older_high and older_low <= high):
            return "noise"
    elif ratio == 1:
        return "noise"
    more_is_better = own.unit.endswith("/s")
    return "better" if (ratio > 1) == more_is_better else "worse"


def _written(measured: Measurement) -> str:
    text = quantity(measured.median, escape(measured.unit))
    if not measured.has_interval:
        return text
    low, high = measured.median_interval()
    return f"{text} [{quantity(low, escape(measured.unit))}, {quantity(high, escape(measured.unit))}]"
