"""The trade-off: AUC against latency and against parameters, for the rows of one quality table.

Between the panels stands one line a method, in the order of AUC: its name and its interval. Thin lines lead
to it from the method's points, so that methods which share a cost, and with it a vertical, are told apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

from .costs import LATENCY
from .figure import PAGE_WIDTH, bare_axes, drawable, new_figure, render, styled
from .margin_labels import LINE_HEIGHT, spread
from .tradeoff_lines import MethodLine, draw_lines, lead, method_lines, names_width, split_far

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .comparison_table import ComparisonTable
    from .costs import RowCosts

__all__ = ["tradeoff_figure"]

# Inches.
_TOP, _TICKS, _EDGE = 0.12, 0.68, 0.24
_GUTTER = 0.3
"""Where the leading lines bend."""
_BREAK = 0.16
"""Between the panel and the strip of rows far below it."""
_LEAST_STRIP = 0.4
_TICK = 0.2
"""From one number of the strip's axis to the next, at least."""
_LINE = LINE_HEIGHT / 72
_CHARACTER = 0.078
_MANY = 12
"""Methods in one band, above which their markers are small."""
_SMALLEST_SPAN = 2.0
"""AUC × 100 that the axis spans at least: less would make a difference of rows that are all alike."""


@dataclass(frozen=True)
class _Part:
    """A band of the figure: the panels' main one, or the strip below it."""

    lines: Sequence[MethodLine]
    bottom: float
    height: float
    low: float
    """The value at the bottom, in AUC × 100."""
    high: float
    far: bool = False

    def up(self, auc: float) -> float:
        """Inches above the figure's foot."""
        return self.bottom + (auc - self.low) / (self.high - self.low) * self.height


def tradeoff_figure(ranked: ComparisonTable, costs: RowCosts | None, name: str) -> dict[str, bytes]:
    """Draw it.

    Rows far below all others stand in a strip below a break of the AUC axis, which has a scale of its own.

    Args:
        ranked: The rows.
        costs: Their latencies; rows without one are in the parameter panel only.
        name: Of the files, without suffix.

    Returns:
        File contents by name.
    """
    parameters = {row.name: row.parameters / 1e6 for row in ranked.rows}
    panels = [(parameters, "parameters, millions (log)", "")]
    if costs is not None:
        latencies = {row: record.measurements[LATENCY].median * 1e3 for row, record in costs.by_row.items()}
        panels.insert(0, (latencies, "latency of one request, ms (log)", drawable(costs.label)))
    near, far = split_far(method_lines(ranked.rows))
    teacher = 100 * ranked.teacher.mean("auc") if ranked.teacher is not None else None
    with styled():
        names = names_width([*near, *far])
        intervals = 1.5 if costs is not None else 2.5
        sides = _TICKS + (_TICKS if costs is not None else _EDGE) + len(panels) * _GUTTER
        width = (PAGE_WIDTH - sides - names - intervals) / len(panels)
        captions = [fill(f"{what}\n{how}", int(width / _CHARACTER), replace_whitespace=False)
                    for _, what, how in panels]  # fmt: skip
        foot = 0.38 + 0.17 * max(2, *(caption.count("\n") + 1 for caption in captions))
        parts = _parts(near, far, foot)
        figure = new_figure(parts[0].bottom + parts[0].height + _TOP)
        middle = _TICKS + width + _GUTTER
        heights = {part.bottom: _heights(part) for part in parts}
        foot = parts[-1].bottom
        place = (middle, foot, names, intervals, parts[0].bottom + parts[0].height - foot)
        ups = [up for part in reversed(parts) for up in heights[part.bottom]]
        draw_lines(figure, [*far, *near], ups, place, teacher, len(far))
        for part in parts:
            for number, ((at, _, _), caption) in enumerate(zip(panels, captions, strict=True)):
                left = _TICKS if number == 0 else middle + names + intervals + _GUTTER
                axes = _place(figure, left, part, width)
                _draw_panel(axes, part, at, on_right=number > 0)
                if teacher is not None and part.low <= teacher <= part.high:
                    axes.axhline(teacher, color="#999999", linewidth=0.9, linestyle=(0, (4, 3)))
                if part is parts[-1]:
                    axes.set_xlabel(caption.strip())
                else:
                    axes.tick_params(axis="x", which="both", length=0, labelbottom=False)
                if len(parts) > 1:
                    _mark_break(axes, part, on_right=number > 0)
                edge = left + width if number == 0 else left
                _lead(figure, axes, part, at, heights[part.bottom], edge, middle, names + intervals)
        return render(figure, name)


def _parts(near: Sequence[MethodLine], far: Sequence[MethodLine], foot: float) -> list[_Part]:
    """The main band, and where there are rows far below, the strip for them."""
    tall = max(3.3, len(near) * _LINE + 0.1)
    if not far:
        return [_Part(near, foot, tall, *_limits(near))]
    strip = max(_LEAST_STRIP, len(far) * _LINE + 0.1)
    main = _Part(near, foot + strip + _BREAK, tall, *_limits(near))
    return [main, _Part(far, foot, strip, *_limits(far), far=True)]


def _limits(lines: Sequence[MethodLine]) -> tuple[float, float]:
    """The lowest and the highest AUC × 100 of a band that the lines fill."""
    values = [line.auc for line in lines]
    middle, span = (max(values) + min(values)) / 2, max(max(values) - min(values), _SMALLEST_SPAN)
    return middle - 0.58 * span, middle + 0.58 * span


def _heights(part: _Part) -> list[float]:
    """Inches above the foot at which the lines' names stand: each as near to its points as there is room."""
    wanted = [part.up(line.auc) for line in part.lines]
    return spread(wanted, _LINE, part.bottom + _LINE / 2, part.bottom + part.height - _LINE / 2)


def _place(figure: Figure, left: float, part: _Part, width: float) -> Axes:
    tall = float(figure.get_size_inches()[1])
    return figure.add_axes((left / PAGE_WIDTH, part.bottom / tall, width / PAGE_WIDTH, part.height / tall))


def _draw_panel(axes: Axes, part: _Part, at: Mapping[str, float], *, on_right: bool) -> None:
    """The markers of one band, each where it was measured."""
    from matplotlib.ticker import MaxNLocator

    bare_axes(axes)
    axes.patch.set_visible(False)  # the leading lines lie behind
    _log_axis(axes, list(at.values()))
    axes.set_ylim(part.low, part.high)
    if part.far:
        edge = 0.1 * (part.high - part.low)  # where the axis is broken there is no room for a number
        steps = MaxNLocator(max(2, int(part.height / _TICK)), steps=[1, 2, 5, 10], integer=True)
        ticks = steps.tick_values(part.low, part.high)
        axes.set_yticks([tick for tick in ticks if part.low + edge <= tick <= part.high - edge])
        axes.grid(visible=False, axis="y")  # it would hide the leading line of a row on a round number
    else:
        axes.set_ylabel("test AUC × 100")
    if on_right:
        axes.yaxis.tick_right()
        axes.yaxis.set_label_position("right")
        axes.spines["left"].set_visible(False)
        axes.spines["right"].set_visible(True)
    for line in part.lines:
        if line.name in at:
            line.mark(axes, at[line.name], line.auc, small=len(part.lines) > _MANY)


def _mark_break(axes: Axes, part: _Part, *, on_right: bool) -> None:
    """A stroke at the end of the axis that is broken there."""
    if not part.far:
        axes.spines["bottom"].set_visible(False)
    stroke = {"marker": [(-1, -0.6), (1, 0.6)], "markersize": 8, "markeredgecolor": "#888888"}
    axes.plot(
        [float(on_right)],
        [float(part.far)],
        transform=axes.transAxes,
        linestyle="none",
        clip_on=False,
        **stroke,
    )


def _lead(
    figure: Figure,
    axes: Axes,
    part: _Part,
    at: Mapping[str, float],
    heights: Sequence[float],
    edge: float,
    middle: float,
    width: float,
) -> None:
    """Lines from a panel's points, level to its edge and from there to their names or intervals."""
    end = middle if edge < middle else middle + width
    for line, height in zip(part.lines, heights, strict=True):
        if line.name in at:
            x = float(axes.transData.transform((at[line.name], line.auc))[0]) / figure.dpi
            up = part.up(line.auc)
            lead(figure, [(x, up), (edge, up), (end, height)], line)


def _log_axis(axes: Axes, values: Sequence[float]) -> None:
    """A log scale with plain numbers, more of them on a short axis, and room at both ends."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    axes.set_xscale("log")
    margin = max(1.35, (max(values) / min(values)) ** 0.1)
    axes.set_xlim(min(values) / margin, max(values) * margin)
    ratio = max(values) / min(values)
    subs = (1, 1.5, 2, 3, 4, 5, 7) if ratio < 12 else (1, 2, 5)
    axes.xaxis.set_major_locator(MaxNLocator(4) if ratio < 1.3 else LogLocator(base=10, subs=subs))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
