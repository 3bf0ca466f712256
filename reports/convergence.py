"""Whether training had converged: how far twice the epochs move a method."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .differences import compared
from .markdown import escape, table
from .quantities import BLANK, hundredfold, interval, signed
from .record_links import record_links

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..suites.records import QualityRecord, ScorerRecord, SuiteRecord
    from .comparison_table import ComparisonTable
    from .table_rows import Row

__all__ = ["convergence_section", "longer_fits", "without_longer"]

_LEGEND = (
    "Converged: training for twice the epochs moves the test AUC by less than the standard deviation of the "
    "seeds. In brackets the bootstrap 95 % interval of the change, over users and seeds; in parentheses the "
    "number of seeds. That a fit kept its last epoch says little, as the learning rate ends at zero."
)

_UNKNOWN = (
    "Whether training had converged is not known: no method of these records was trained for twice its "
    "epochs (`converged` in a suite)."
)


def longer_fits(suites: Iterable[SuiteRecord]) -> dict[str, str]:
    """Fits that are another one trained for twice its epochs, and that one, by hash.

    What some suite ranks as a method of its own is none of them.
    """
    suites = list(suites)
    longer = {twin: fit for suite in suites for twin, fit in suite.longer.items()}
    ranked = {fit for suite in suites for fit in suite.names.keys() - suite.longer.keys()}
    return {twin: fit for twin, fit in longer.items() if twin not in ranked}


def without_longer(
    records: Iterable[QualityRecord | ScorerRecord], twice: Mapping[str, str]
) -> tuple[list[QualityRecord | ScorerRecord], list[QualityRecord]]:
    """The evaluations that tables are made of, and those of `longer_fits`."""
    ranked: list[QualityRecord | ScorerRecord] = []
    longer: list[QualityRecord] = []
    for record in records:
        if record.kind == "quality" and record.fit.trial in twice:
            longer.append(record)
        else:
            ranked.append(record)
    return ranked, longer


def convergence_section(
    tables: Sequence[ComparisonTable],
    longer: Sequence[ComparisonTable],
    twice: Mapping[str, str],
    links: Mapping[str, str],
) -> str:
    """What twice the epochs changed, as markdown, or that nobody tried; empty without anything trained.

    Args:
        tables: What was ranked.
        longer: The same candidates ranked by fits of twice the epochs.
        twice: See `longer_fits`.
        links: From the page to the records, by trial.
    """
    lines = [
        _line(ranked, row, twin, links)
        for ranked in tables
        for other in longer
        if other.ranked_what == ranked.ranked_what and ranked.users > 1
        for twin in other.rows
        for row in ranked.rows
        if not row.variant and row.fits & {twice[fit] for fit in twin.fits}
    ]
    if lines:
        return f"{table(lines, text_columns=4)}\n\n{_LEGEND}"
    return _UNKNOWN if any(ranked.rows for ranked in tables) else ""


def _line(ranked: ComparisonTable, row: Row, twin: Row, links: Mapping[str, str]) -> dict[str, str]:
    paired, spread = compared(twin, row, "auc"), row.seed_spread("auc")
    moved = "" if math.isnan(spread) else "yes" if abs(paired.difference) < spread else "no"
    return {
        "Method": escape(row.name),
        "Ranked": escape(ranked.label),
        "Epochs": f"{len(row.fit.history)} → {len(twin.fit.history)}",
        "Seeds": record_links(twin, links),
        "AUC": hundredfold(row.mean("auc")),
        "Change": f"{signed(paired.difference)} {interval(paired.low, paired.high)}",
        "Deviation of the seeds": BLANK
        if math.isnan(spread)
        else f"{hundredfold(spread)} ({len(row.seeds)})",
        "Converged": moved or f"{BLANK} (one seed)",
    }
