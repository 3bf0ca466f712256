"""The trade-off: AUC against latency and against parameters, for the rows of one quality table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..evaluation.metrics import bootstrap_interval
from .costs import LATENCY
from .figure import Style, bare_axes, drawable, new_figure, render, styled, styles
from .labels import Point, label_points

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from .comparison_table import ComparisonTable, Row
    from .costs import RowCosts

__all__ = ["tradeoff_figure"]


def tradeoff_figure(ranked: ComparisonTable, costs: RowCosts | None, name: str) -> dict[str, bytes]:
    """Draw it.

    Args:
        ranked: The rows.
        costs: Their latencies; rows without one are in the parameter panel only.
        name: Of the files, without suffix.

    Returns:
        File contents by name.
    """
    parameters = {row.name: row.parameters / 1e6 for row in ranked.rows}
    panels = [(parameters, "parameters, millions (log)")]
    if costs is not None:
        latencies = {row: record.measurements[LATENCY].median * 1e3 for row, record in costs.by_row.items()}
        caption = drawable(str(costs.configuration))
        panels.insert(0, (latencies, f"latency of one request, ms (log)\n{caption}"))
    with styled():
        figure, all_axes = new_figure(4.4, len(panels), share_y=True)
        drawn = [_draw(axes, ranked, at) for axes, (at, _) in zip(all_axes, panels, strict=True)]
        for axes, (_, caption) in zip(all_axes, panels, strict=True):
            axes.set_xlabel(caption)
        all_axes[0].set_ylabel("test AUC × 100, 95 % interval over users")
        figure.draw_without_rendering()  # settles the layout, which the labels are placed in
        for axes, points in zip(all_axes, drawn, strict=True):
            label_points(axes, points)
        return render(figure, name)


def _draw(axes: Axes, ranked: ComparisonTable, at: Mapping[str, float]) -> list[Point]:
    """Markers and intervals of one panel, each where it was measured; returns the points to label."""
    bare_axes(axes)
    _log_axis(axes, list(at.values()))
    if ranked.teacher is not None:
        axes.axhline(100 * ranked.teacher.mean("auc"), color="#999999", linewidth=0.9, linestyle=(0, (4, 3)))
    looks = styles(row.name for row in ranked.rows)
    shown = [row for row in ranked.rows if row.name in at]
    points = []
    for row in shown:
        before = sum(at[other.name] == at[row.name] for other in shown[: shown.index(row)])
        points.append(_draw_point(axes, row, at[row.name], looks[row.name], before))
    return points


def _draw_point(axes: Axes, row: Row, x: float, style: Style, before: int) -> Point:
    """One marker with its interval; `before` are at the same x, and each of them is drawn less thickly."""
    low, high = bootstrap_interval(row.per_user("auc"))
    point = Point(x, 100 * row.mean("auc"), 100 * low, 100 * high, drawable(row.name), style.ink)
    # Methods that share a cost share a vertical: the later lies below, and shows on both sides.
    below = 2 - 0.01 * before
    axes.vlines(
        x, point.low, point.high, color=style.colour, linewidth=1.6 + 2.4 * before, alpha=0.75, zorder=below
    )
    axes.plot(
        x,
        point.y,
        marker=style.marker,
        markersize=6.5,
        markerfacecolor=(*_rgb(style.colour), 0.75),
        markeredgecolor="white",
        markeredgewidth=0.7,
        linestyle="none",
        zorder=3,
    )
    return point


def _rgb(colour: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return to_rgb(colour)


def _log_axis(axes: Axes, values: Sequence[float]) -> None:
    """A log scale with plain numbers, more of them on a short axis, and room at both ends."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    margin = max(1.35, (max(values) / min(values)) ** 0.22)
    axes.set_xlim(min(values) / margin, max(values) * margin)
    short = max(values) / min(values) < 12
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1, 1.5, 2, 3, 4, 5, 7) if short else (1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
