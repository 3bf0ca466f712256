"""The trade-off: AUC against latency and against parameters, for the rows of one quality table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..suites.metrics import bootstrap_interval
from .figure import bare_axes, new_figure, render, style_of, styled
from .labels import Point, label_points
from .sampled import LATENCY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from .costs import RowCosts
    from .ranking import Ranking

__all__ = ["tradeoff_figure"]


def tradeoff_figure(ranking: Ranking, costs: RowCosts | None, name: str) -> dict[str, bytes]:
    """Draw it.

    Args:
        ranking: The rows.
        costs: Their latencies; rows without one are in the parameter panel only.
        name: Of the files, without suffix.

    Returns:
        File contents by name.
    """
    parameters = {row.name: row.parameters / 1e6 for row in ranking.rows}
    panels = [(parameters, "parameters, millions (log)")]
    if costs is not None:
        latencies = {row: record.measurements[LATENCY].median * 1e3 for row, record in costs.by_row.items()}
        panels.insert(0, (latencies, f"latency of one request, ms (log)\n{costs.configuration}"))
    with styled():
        figure, all_axes = new_figure(4.4, len(panels), share_y=True)
        drawn = [_draw(axes, ranking, at) for axes, (at, _) in zip(all_axes, panels, strict=True)]
        for axes, (_, caption) in zip(all_axes, panels, strict=True):
            axes.set_xlabel(caption)
        all_axes[0].set_ylabel("test AUC × 100, 95 % interval over users")
        figure.draw_without_rendering()  # settles the layout, which the labels are placed in
        for axes, points in zip(all_axes, drawn, strict=True):
            label_points(axes, points)
        return render(figure, name)


def _draw(axes: Axes, ranking: Ranking, at: Mapping[str, float]) -> list[Point]:
    """Markers and intervals of one panel; returns the points to label."""
    bare_axes(axes)
    _log_axis(axes, list(at.values()))
    if ranking.teacher is not None:
        axes.axhline(100 * ranking.teacher.mean("auc"), color="#999999", linewidth=0.9, linestyle=(0, (4, 3)))
    points = []
    for index, row in enumerate(ranking.rows):
        if row.name not in at:
            continue
        style = style_of(index)
        values = row.per_user("auc")
        low, high = bootstrap_interval(values)
        mean = row.mean("auc")
        namesakes = [other for other in ranking.rows if at.get(other.name) == at[row.name]]
        x = at[row.name] * _step_aside(namesakes.index(row), len(namesakes), list(at.values()))
        point = Point(x, 100 * mean, 100 * low, 100 * high, row.name, style.ink)
        axes.vlines(point.x, point.low, point.high, color=style.colour, linewidth=1.6, alpha=0.75)
        axes.plot(point.x, point.y, marker=style.marker, color=style.colour, markersize=6.5, linestyle="none")
        points.append(point)
    return points


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


def _step_aside(place: int, count: int, values: Sequence[float]) -> float:
    """Factor that sets apart, by a hundredth of the axis a step, the points of methods that share a model."""
    decades = math.log10(max(values) / min(values)) + 0.5
    return 10 ** ((place - (count - 1) / 2) * 0.02 * decades)
