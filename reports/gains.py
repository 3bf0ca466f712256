"""What methods gain over plain training, and how many of the training negatives were truly liked."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..evaluation.metrics import PairedComparison
from .differences import compared
from .recipes import objectives_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .comparison_table import ComparisonTable
    from .table_rows import Row

__all__ = ["Gain", "gains_by_rate"]

_PLAIN = "n-pair"
"""The objective that others are held against, alone."""


@dataclass(frozen=True)
class Gain:
    """A method's AUC less that of plain training, on one dataset.

    Attributes:
        method: The row's name.
        base: The row that it is held against.
        dataset: Its name.
        rate: Share of the training negatives that is truly liked.
        paired: Of the rows' AUC, user by user and seed by seed.
    """

    method: str
    base: str
    dataset: str
    rate: float
    paired: PairedComparison


def gains_by_rate(tables: Sequence[ComparisonTable]) -> dict[str, list[Gain]]:
    """The gains, by what is ranked and trained against ("random", "hard-trained-random").

    Only where it is known of two datasets or more, of different rates, and they name one plain row: the
    smallest network that nobody taught and that minimises N-pair alone.
    """
    found: dict[tuple[str, str], list[Gain]] = defaultdict(list)
    for ranked in tables:
        base, rate = _plain_row(ranked), _rate(ranked)
        if base is None or rate is None or ranked.users < 2 or ranked.cold is not None:
            continue
        trained = "" if ranked.negatives == ranked.setting else f"-trained-{ranked.negatives}"
        found[f"{ranked.setting}{trained}", base.name] += [
            Gain(row.name, base.name, ranked.dataset, rate, compared(row, base, "auc"))
            for row in ranked.rows
            if row is not base and not row.variant
        ]
    bases = Counter(setting for setting, _ in found)
    return {
        setting: gains
        for (setting, _), gains in found.items()
        if bases[setting] == 1 and len({gain.rate for gain in gains}) > 1
    }


def _plain_row(ranked: ComparisonTable) -> Row | None:
    plain = [
        row
        for row in ranked.rows
        if not row.variant and not row.distilled and objectives_label(row.fit.description) == _PLAIN
    ]
    return min(plain, key=lambda row: row.parameters, default=None)


def _rate(ranked: ComparisonTable) -> float | None:
    """Share of truly liked training negatives: a fact of the dataset that each taught fit tells."""
    told = (fit.distillation for fit in ranked.evaluated)
    return next((one.true_base_rate for one in told if one and one.true_base_rate is not None), None)
