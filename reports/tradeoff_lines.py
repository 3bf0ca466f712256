"""The lines of the trade-off's middle: one a method, in the order of AUC, with its name and its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..evaluation.metrics import places
from .figure import LABEL_GROUND, PAGE_WIDTH, Style, bare_axes, drawable, new_figure, style_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .table_rows import Row

__all__ = ["MethodLine", "draw_lines", "lead", "method_lines", "names_width", "split_far"]

_FAR = 6.0
"""AUC × 100; a gap of less breaks no axis."""
_STRETCHED = 0.75
"""Part of what lies above a gap; a smaller gap does not stretch the axis by much."""
_LONGEST = 24
_AFTER_NAME = 0.1


@dataclass(frozen=True)
class MethodLine:
    """A method's AUC × 100 with its interval, and how it is drawn."""

    name: str
    auc: float
    low: float
    high: float
    style: Style

    @property
    def has_interval(self) -> bool:
        """Whether there is one."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def label(self) -> str:
        """The name as drawn; a long one loses its middle, as what tells namesakes apart stands at the end."""
        name = drawable(self.name)
        return name if len(name) <= _LONGEST else f"{name[:13]}…{name[-10:]}"

    def mark(self, axes: Axes, x: float, y: float, *, small: bool = False) -> None:
        """Draw the method's marker."""
        size = 9 if self.style.marker == "*" else 7
        axes.plot(
            [x],
            [y],
            marker=self.style.marker,
            markersize=0.85 * size if small else size,
            markerfacecolor=self.style.colour,
            markeredgecolor="white",
            markeredgewidth=0.7,
            alpha=0.85,
            linestyle="none",
            clip_on=False,
            zorder=3,
        )


def method_lines(rows: Sequence[Row]) -> list[MethodLine]:
    """The rows' lines by ascending AUC, those of one AUC by name."""
    lines = []
    for row in rows:
        low, high = row.interval("auc")
        lines.append(MethodLine(row.name, 100 * row.mean("auc"), 100 * low, 100 * high, style_of(row.name)))
    order = places([line.auc for line in lines])
    numbers = sorted(range(len(lines)), key=lambda number: (order[number], lines[number].name))
    return [lines[number] for number in numbers]


def split_far(lines: Sequence[MethodLine]) -> tuple[list[MethodLine], list[MethodLine]]:
    """The lines that share a scale, and those so far below that they would squeeze them.

    Far below are the fewer, under the uppermost gap that would stretch the scale of those above it.

    Args:
        lines: By ascending AUC.
    """
    cut = 0
    for below in range(1, (len(lines) + 1) // 2):
        gap = lines[below].auc - lines[below - 1].auc
        if gap > max(_FAR, _STRETCHED * (lines[-1].auc - lines[below].auc)):
            cut = below
    return list(lines[cut:]), list(lines[:cut])


def names_width(lines: Sequence[MethodLine]) -> float:
    """Inches that the names fill."""
    figure = new_figure(1.0)
    widths = [figure.text(0, 0, line.label).get_window_extent().width for line in lines]
    return max(widths) / figure.dpi + _AFTER_NAME


def draw_lines(
    figure: Figure,
    lines: Sequence[MethodLine],
    heights: Sequence[float],
    place: tuple[float, float, float, float, float],
    teacher: float | None,
    far: int,
) -> None:
    """Names, and beside them the intervals on an axis of their own; far lines have theirs written.

    Args:
        figure: To draw on.
        lines: By ascending AUC.
        heights: Inches above the figure's foot, one a line.
        place: Inches: left, bottom, the names' width, the intervals' width, and height.
        teacher: AUC × 100 to draw a dashed line at.
        far: How many of the lines, the first ones, are far below. Their intervals are written and would
            squeeze the axis; but not where the teacher, whose line is on it, is among them.
    """
    left, bottom, names, intervals, tall = place
    height = float(figure.get_size_inches()[1])
    for line, up in zip(lines, heights, strict=True):
        figure.text(
            (left + 0.04) / PAGE_WIDTH,
            up / height,
            line.label,
            verticalalignment="center_baseline",
            color=line.style.ink,
        )
    axes = figure.add_axes(
        ((left + names) / PAGE_WIDTH, bottom / height, intervals / PAGE_WIDTH, tall / height)
    )
    axes.set_ylim(bottom, bottom + tall)
    bare_axes(axes)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_zorder(4)  # above the ground of what is written
    axes.set_yticks([])
    for up in heights:
        axes.axhline(up, color="#e6e6e6", linewidth=0.8, zorder=0)
    if teacher in [line.auc for line in lines[:far]]:
        far = 0
    _draw_intervals(axes, lines[far:], heights[far:], teacher)
    _write_intervals(axes, lines[:far], heights[:far], teacher)


def _write_intervals(
    axes: Axes, lines: Sequence[MethodLine], heights: Sequence[float], teacher: float | None
) -> None:
    """At the side of the axis that the teacher's line leaves free."""
    left, right = axes.get_xlim()
    on_right = teacher is not None and teacher < (left + right) / 2
    for line, up in zip(lines, heights, strict=True):
        written = f"{line.low:.1f} to {line.high:.1f}" if line.has_interval else f"{line.auc:.1f}"
        axes.text(
            float(on_right),
            up,
            f"← {written}",
            transform=axes.get_yaxis_transform(),
            verticalalignment="center_baseline",
            horizontalalignment="right" if on_right else "left",
            color=line.style.ink,
            bbox=LABEL_GROUND,
        )


def _draw_intervals(
    axes: Axes, lines: Sequence[MethodLine], heights: Sequence[float], teacher: float | None
) -> None:
    from matplotlib.ticker import MaxNLocator

    if teacher is not None:
        axes.axvline(teacher, color="#999999", linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    for line, up in zip(lines, heights, strict=True):
        if line.has_interval:
            axes.hlines(up, line.low, line.high, color=line.style.colour, linewidth=1.6, zorder=2)
        line.mark(axes, line.auc, up)
    axes.margins(x=0.08)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel("test AUC × 100,\n95 % interval, users × seeds")


def lead(figure: Figure, path: Sequence[tuple[float, float]], line: MethodLine) -> None:
    """A thin line through points in inches, behind everything."""
    from matplotlib.lines import Line2D

    width, height = figure.get_size_inches()
    figure.add_artist(
        Line2D(
            [x / width for x, _ in path],
            [y / height for _, y in path],
            transform=figure.transFigure,
            color=line.style.colour,
            linewidth=0.7,
            alpha=0.7,
            zorder=-1,
        )
    )
