"""A sweep drawn: AUC and NDCG over the values of one option, a line a method."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from .curves_figure import DASHES, Dashes
from .figure import LABEL_GROUND, PAGE_WIDTH, Style, bare_axes, drawable, new_figure, render, style_of, styled
from .margin_labels import LINE_HEIGHT, LineEnd, label_right
from .sweeps import SIZE, Sweep
from .table_rows import METRICS
from .tradeoff_lines import MethodLine, split_far

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from .sweeps import SweepLine
    from .table_rows import Row

__all__ = ["sweep_figure", "value_label"]

_METRICS = ("auc", "ndcg")
# Inches.
_LEFT, _BETWEEN, _FOOT, _TOP = 0.78, 0.8, 0.62, 0.15
_TALL = 3.3
_CHARACTER = 0.085
_SIDE_BY_SIDE = 0.34
"""Of the way to the next value, what the lines' markers are spread over where values are no numbers."""


@dataclass(frozen=True)
class _Drawn:
    """A line or a reference on one panel, in metric × 100."""

    name: str
    style: Style
    dashes: Dashes
    xs: Sequence[float]
    means: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]

    @property
    def label(self) -> str:
        """As the margin shows it."""
        name = drawable(self.name)
        return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


_LONGEST = 26


def sweep_figure(sweep: Sweep, name: str) -> dict[str, bytes]:
    """Draw it: a marker a row at the mean over users and seeds, with its 95 % interval.

    Over numbers the markers are joined and the intervals are a band; else they stand side by side. References
    are level dashed lines, with their interval at the right edge. Of a row far below all others the lower
    edge tells the number.

    Args:
        sweep: The lines.
        name: Of the files, without suffix.

    Returns:
        File contents by name.
    """
    labels = [line.name for line in sweep.lines] + [row.name for row in sweep.references]
    longest = max(min(len(drawable(label)), _LONGEST) for label in labels)
    right = 0.45 + _CHARACTER * longest
    foot = _FOOT + (0.16 if sweep.option == SIZE else 0.0)
    tall = max(_TALL, len(labels) * LINE_HEIGHT / 72 + 0.3)
    height = foot + tall + _TOP
    width = (PAGE_WIDTH - _LEFT - _BETWEEN - right) / 2
    with styled():
        figure = new_figure(height)
        for number, metric in enumerate(_METRICS):
            left = (_LEFT + number * (width + _BETWEEN)) / PAGE_WIDTH
            axes = figure.add_axes((left, foot / height, width / PAGE_WIDTH, tall / height))
            lines, references = _drawn(sweep, metric)
            _draw_panel(axes, sweep, lines, references)
            axes.set_ylabel(f"test {METRICS[metric]} × 100")
            if metric == _METRICS[-1]:
                figure.draw_without_rendering()
                label_right(axes, [_end(axes, one) for one in (*lines, *references)])
        return render(figure, name)


def value_label(sweep: Sweep, line: SweepLine, row: Row, value: object) -> str:
    """A value as a reader meets it: a number, "XS" of "FND XS", "E + R" of two names.

    Args:
        sweep: Whose option it is.
        line: Where the row stands.
        row: Whose value it is.
        value: The option's.
    """
    if isinstance(value, list):
        return " + ".join(map(str, value))
    if sweep.option == SIZE:
        return row.name.removeprefix(line.name).strip(" ,") or row.model
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _drawn(sweep: Sweep, metric: str) -> tuple[list[_Drawn], list[_Drawn]]:
    """The lines and the references of one panel."""
    places = _places(sweep)
    seen: Counter[str] = Counter()

    def one(name: str, rows: Sequence[Row], xs: Sequence[float], dashes: Dashes | None = None) -> _Drawn:
        style = style_of(name)
        if dashes is None:
            dashes = DASHES[seen[style.colour] % len(DASHES)]
            seen[style.colour] += 1
        intervals = [row.interval(metric) for row in rows]
        lows, highs = zip(*intervals, strict=True)
        means = [100 * row.mean(metric) for row in rows]
        return _Drawn(name, style, dashes, xs, means, [100 * x for x in lows], [100 * x for x in highs])

    shift = 0.0 if sweep.numeric else _SIDE_BY_SIDE / max(1, len(sweep.lines) - 1)
    lines = []
    for number, line in enumerate(sweep.lines):
        aside = (number - (len(sweep.lines) - 1) / 2) * shift
        keys = [_key(sweep, line, row, value) for row, value in zip(line.rows, line.values, strict=True)]
        lines.append(one(line.name, line.rows, [places[key] + aside for key in keys]))
    edge = _beyond(sweep, list(places.values()))
    references = [one(row.name, [row], [edge], (0, (2, 2))) for row in sweep.references]
    return lines, references


def _key(sweep: Sweep, line: SweepLine, row: Row, value: object) -> float | str:
    return float(str(value)) if sweep.numeric else value_label(sweep, line, row, value)


def _places(sweep: Sweep) -> dict[float | str, float]:
    """Where each value stands: numbers where they are, others one after the other."""
    keys = {
        _key(sweep, line, row, value): row.parameters
        for line in sweep.lines
        for row, value in zip(line.rows, line.values, strict=True)
    }
    if sweep.numeric:
        return {key: float(key) for key in sorted(keys)}
    ordered = sorted(keys, key=lambda key: keys[key]) if sweep.option == SIZE else list(keys)
    return {key: float(place) for place, key in enumerate(ordered)}


def _is_geometric(values: Sequence[float]) -> bool:
    """Whether each value is about the same multiple of the one before."""
    if min(values) <= 0 or len(values) < _FEWEST:
        return False
    ratios = [b / a for a, b in pairwise(values)]
    return max(ratios) / min(ratios) < 1.1 and max(values) / min(values) >= 8


_FEWEST = 3


def _beyond(sweep: Sweep, xs: Sequence[float]) -> float:
    """Right of the last value, where references have their interval."""
    if not sweep.numeric:
        return max(xs) + 0.62
    if _is_geometric(sorted(xs)):
        return max(xs) * (max(xs) / min(xs)) ** 0.07
    return max(xs) + 0.07 * (max(xs) - min(xs) or 1.0)


def _draw_panel(axes: Axes, sweep: Sweep, lines: Sequence[_Drawn], references: Sequence[_Drawn]) -> None:
    bare_axes(axes)
    places = _places(sweep)
    xs = sorted(places.values())
    if sweep.numeric and _is_geometric(xs):
        from matplotlib.ticker import NullFormatter, NullLocator

        axes.set_xscale("log")
        axes.set_xticks(xs, [f"{x:g}" for x in xs])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_minor_formatter(NullFormatter())
        step = (xs[-1] / xs[0]) ** 0.05
        axes.set_xlim(xs[0] / step, (references[0].xs[0] if references else xs[-1]) * step)
    elif sweep.numeric:
        step = 0.05 * (xs[-1] - xs[0] or 1.0)
        axes.set_xlim(xs[0] - step, (references[0].xs[0] if references else xs[-1]) + step)
    else:
        axes.set_xticks(xs, _ticks(sweep, list(places)))
        axes.set_xlim(-0.5, (references[0].xs[0] + 0.2) if references else xs[-1] + 0.5)
        axes.grid(visible=False, axis="x")
    axes.set_xlabel("network and its parameters" if sweep.option == SIZE else drawable(sweep.symbol))
    low = _limits(axes, [*lines, *references])
    for reference in references:
        _level(axes, reference)
    for line in lines:
        _line(axes, line, joined=sweep.numeric or sweep.option == SIZE, band=sweep.numeric)
    _name_fallen(axes, lines, low)


def _ticks(sweep: Sweep, keys: Sequence[float | str]) -> list[str]:
    """Labels of values that are no numbers; a network's with its parameters, a list's one below the other."""
    if sweep.option != SIZE:
        return [drawable(str(key)).replace(" + ", "\n") for key in keys]
    sizes: dict[float | str, int] = {
        value_label(sweep, line, row, value): row.parameters
        for line in sweep.lines
        for row, value in zip(line.rows, line.values, strict=True)
    }
    return [f"{drawable(str(key))}\n{sizes[key] / 1e6:.1f} M" for key in keys]


def _limits(axes: Axes, drawn: Sequence[_Drawn]) -> float:
    """Set the axis to what is not far below the rest; its lower end."""
    points = sorted(
        (
            MethodLine(one.name, mean, low, high, one.style)
            for one in drawn
            for mean, low, high in zip(one.means, one.lows, one.highs, strict=True)
        ),
        key=lambda point: point.auc,
    )
    near, _ = split_far(points)
    ends = [end for point in near for end in (point.auc, point.low, point.high) if math.isfinite(end)]
    low, high = min(ends), max(ends)
    margin = 0.06 * (high - low) or 0.5
    axes.set_ylim(low - margin, high + margin)
    return low - margin


def _line(axes: Axes, line: _Drawn, *, joined: bool, band: bool) -> None:
    """Markers at the means, their intervals, and where it is joined the line."""
    colour = line.style.colour
    if band:
        axes.fill_between(line.xs, line.lows, line.highs, color=colour, alpha=0.12, linewidth=0)
    else:
        _bars(axes, line)
    if joined:
        axes.plot(line.xs, line.means, color=colour, linewidth=1.4, linestyle=line.dashes)
    _markers(axes, line)


def _name_fallen(axes: Axes, lines: Sequence[_Drawn], low: float) -> None:
    """Say how far below the axis a point lies; of several at one place, one above the other."""
    fallen = sorted(
        (x, mean, line.style.ink)
        for line in lines
        for x, mean in zip(line.xs, line.means, strict=True)
        if mean < low
    )
    for _, at_one_place in groupby(fallen, key=lambda point: point[0]):
        for number, (x, mean, ink) in enumerate(at_one_place):
            axes.annotate(
                f"↓{mean:.0f}",
                (x, low),
                xytext=(0, 4 + 12 * number),
                textcoords="offset points",
                ha="center",
                color=ink,
                bbox=LABEL_GROUND,
                fontsize=8,
                zorder=4,
            )


def _level(axes: Axes, reference: _Drawn) -> None:
    """A reference: a level line, with its interval at the end."""
    colour = reference.style.colour
    axes.axhline(reference.means[0], color=colour, linewidth=1.1, linestyle=reference.dashes)
    _bars(axes, reference)
    _markers(axes, reference)


def _bars(axes: Axes, drawn: _Drawn) -> None:
    axes.vlines(drawn.xs, drawn.lows, drawn.highs, color=drawn.style.colour, linewidth=1.4, alpha=0.8)


def _markers(axes: Axes, drawn: _Drawn) -> None:
    axes.plot(
        drawn.xs,
        drawn.means,
        marker=drawn.style.marker,
        markersize=9 if drawn.style.marker == "*" else 7,
        markerfacecolor=drawn.style.colour,
        markeredgecolor="white",
        markeredgewidth=0.7,
        linestyle="none",
        zorder=3,
    )


def _end(axes: Axes, drawn: _Drawn) -> LineEnd:
    low, high = axes.get_ylim()
    return LineEnd(drawn.xs[-1], min(max(drawn.means[-1], low), high), drawn.label, drawn.style.ink)
