"""What methods gain over plain training, by how many of the negatives are false: a figure and its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .gain_figure import gain_figure
from .gains import gains_by_rate
from .markdown import escape, table
from .quantities import BLANK, hundredfold, interval, signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .comparison_table import ComparisonTable
    from .gains import Gain

__all__ = ["gain_section"]


def gain_section(tables: Sequence[ComparisonTable], figures: dict[str, bytes]) -> str:
    """A figure and a table for each kind of negatives that several datasets share; empty without any.

    Args:
        tables: With their rows.
        figures: File contents by name; the figures are added.
    """
    parts = []
    for setting, gains in gains_by_rate(tables).items():
        name = f"gain-by-rate-{setting}"
        figures |= gain_figure(gains, name)
        base = escape(gains[0].base)
        alt = f"AUC gained over {base} by the rate of false negatives, {setting}"
        caption = (
            f"{alt}: how much better each method ranks than {base}, on datasets that differ in how many of "
            "their training negatives are truly liked. Means over users and seeds, with 95 % intervals. "
            f"[SVG]({name}.svg), [PNG]({name}.png)."
        )
        parts.append(f"![{alt}]({name}.svg)\n\n{caption}\n\n{table(_numbers(gains))}")
    return "\n\n".join(parts)


def _numbers(gains: Sequence[Gain]) -> list[dict[str, str]]:
    """A row a method, a column a dataset, by ascending rate."""
    places = sorted({(gain.rate, gain.dataset) for gain in gains})
    cells = {(gain.method, gain.rate, gain.dataset): gain.paired for gain in gains}
    return [
        {"Method": escape(method)}
        | {
            f"{escape(dataset)}, {hundredfold(rate)} % liked": (
                f"{signed(paired.difference)} {interval(paired.low, paired.high)}"
                if (paired := cells.get((method, rate, dataset)))
                else BLANK
            )
            for rate, dataset in places
        }
        for method in dict.fromkeys(gain.method for gain in gains)
    ]
