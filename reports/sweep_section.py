"""What one option does: a figure and the numbers of each sweep among the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .markdown import escape, table
from .quantities import hundredfold, interval
from .record_links import record_links
from .sweep_figure import sweep_figure, value_label
from .sweeps import SIZE
from .table_rows import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .comparison_table import ComparisonTable
    from .sweeps import Sweep
    from .table_rows import Row

__all__ = ["sweep_section"]

_IN_THE_PAPER = {"fnd.alpha": "Fig. 4", "contrastive.pair": "Fig. 5", SIZE: "Fig. 6", "batch_size": "Fig. 7"}
"""Where the paper draws the same option."""


def sweep_section(
    ranked: ComparisonTable,
    sweeps: Sequence[Sweep],
    slug: str,
    links: Mapping[str, str],
    figures: dict[str, bytes],
) -> str:
    """The sweeps of a table as markdown; empty without any.

    Args:
        ranked: The table.
        sweeps: Its sweeps.
        slug: For the names of the files.
        links: Where the record of each trial is to be found from the page, by hash.
        figures: File contents by name; the figures are added.
    """
    return "\n\n".join(_one(ranked, sweep, slug, links, figures) for sweep in sweeps)


def _one(
    ranked: ComparisonTable, sweep: Sweep, slug: str, links: Mapping[str, str], figures: dict[str, bytes]
) -> str:
    what = "the network's size" if sweep.option == SIZE else sweep.symbol
    name = f"sweep-{sweep.option.replace('.', '-').replace('_', '-')}-{slug}"
    figures |= sweep_figure(sweep, name)
    alt = escape(f"AUC and NDCG by {what} on {ranked.label}")
    paper = f" (paper, {_IN_THE_PAPER[sweep.option]})" if sweep.option in _IN_THE_PAPER else ""
    dashed = (
        f" Dashed: {escape(', '.join(row.name for row in sweep.references))}." if sweep.references else ""
    )
    mixed = any(len({row.seeds for row in line.rows}) > 1 for line in sweep.lines)
    luck = (
        " Not all rows of a line have the same seeds: what sets them apart may be luck of training." * mixed
    )
    caption = (
        f"{alt}{paper}. The rows of a line differ in this alone. Means over users and seeds, with bootstrap "
        f"95 % intervals over both.{luck}{dashed} [SVG]({name}.svg), [PNG]({name}.png)."
    )
    parts = [f"![{alt}]({name}.svg)", caption, _numbers(sweep, links), _warnings(sweep)]
    return "\n\n".join(part for part in parts if part)


def _numbers(sweep: Sweep, links: Mapping[str, str]) -> str:
    """The rows in numbers; those of networks stand among all others already."""
    if sweep.option == SIZE:
        return ""
    rows = [
        {
            "Method": escape(line.name),
            escape(sweep.symbol): escape(value_label(sweep, line, row, value)),
            "Seeds": record_links(row, links),
            **{heading: _cell(row, metric) for metric, heading in METRICS.items()},
        }
        for line in sweep.lines
        for row, value in zip(line.rows, line.values, strict=True)
    ]
    return table(rows, text_columns=3)


def _cell(row: Row, metric: str) -> str:
    within = interval(*row.interval(metric)) if len(row.per_user(metric)) > 1 else ""
    return f"{hundredfold(row.mean(metric))} {within}".strip()


def _warnings(sweep: Sweep) -> str:
    """Those of rows that no other table shows."""
    lines = [
        f"- {escape(row.name)}, seed {record.fit.seed}: {escape(warning)}"
        for row in sweep.swept
        for record in row.records
        for warning in record.fit.warnings
    ]
    return "\n".join(["Warnings:", "", *lines]) if lines else ""
