"""What methods gain over plain training, by how many of the training negatives are truly liked."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from .curves_figure import DASHES
from .figure import PAGE_WIDTH, bare_axes, drawable, new_figure, render, style_of, styled
from .margin_labels import LINE_HEIGHT, LineEnd, label_right

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from .curves_figure import Dashes
    from .gains import Gain

__all__ = ["gain_figure"]

_SHOWN = 12
"""Methods in the figure; the table has all."""

# Inches.
_LEFT, _FOOT, _TOP, _TALL = 0.66, 0.55, 0.15, 3.4
_CHARACTER = 0.085
_ASIDE = 0.004
"""Of the axis, how far the intervals of neighbouring methods stand apart."""


def gain_figure(gains: Sequence[Gain], name: str) -> dict[str, bytes]:
    """Draw it: a line a method over the rates of the datasets, each mean with its interval.

    Args:
        gains: Of one setting; the methods of the greatest gains are drawn.
        name: Of the files, without suffix.

    Returns:
        File contents by name.
    """
    lines: dict[str, list[Gain]] = defaultdict(list)
    for gain in sorted(gains, key=lambda gain: (gain.rate, gain.dataset)):
        lines[gain.method].append(gain)
    greatest = sorted(lines, key=lambda method: -max(gain.paired.difference for gain in lines[method]))
    drawn = {method: lines[method] for method in greatest[:_SHOWN]}
    right = 0.45 + _CHARACTER * max(len(drawable(method)) for method in drawn)
    tall = max(_TALL, len(drawn) * LINE_HEIGHT / 72 + 0.3)
    height = _FOOT + tall + _TOP
    with styled():
        figure = new_figure(height)
        width = (PAGE_WIDTH - _LEFT - right) / PAGE_WIDTH
        axes = figure.add_axes((_LEFT / PAGE_WIDTH, _FOOT / height, width, tall / height))
        bare_axes(axes)
        axes.axhline(0, color="#888888", linewidth=1)
        seen: Counter[str] = Counter()
        rates = sorted({100 * gain.rate for gain in gains})
        aside = _ASIDE * (rates[-1] - rates[0])
        for number, (method, points) in enumerate(drawn.items()):
            dashes = DASHES[seen[style_of(method).colour] % len(DASHES)]
            seen[style_of(method).colour] += 1
            _draw(axes, points, dashes, (number - (len(drawn) - 1) / 2) * aside)
        axes.set_xticks(rates, [f"{rate:.3g}" for rate in rates])
        axes.set_xlabel("truly liked training negatives, %")
        axes.set_ylabel(f"test AUC × 100, less that of {drawable(gains[0].base)}")
        figure.draw_without_rendering()
        label_right(axes, [_end(points) for points in drawn.values()])
        return render(figure, name)


def _end(points: Sequence[Gain]) -> LineEnd:
    last = points[-1]
    return LineEnd(
        100 * last.rate, 100 * last.paired.difference, drawable(last.method), style_of(last.method).ink
    )


def _draw(axes: Axes, points: Sequence[Gain], dashes: Dashes, aside: float) -> None:
    style = style_of(points[0].method)
    xs = [100 * gain.rate + aside for gain in points]
    means, lows, highs = (
        [100 * getattr(gain.paired, part) for gain in points] for part in ("difference", "low", "high")
    )
    axes.plot(xs, means, color=style.colour, linewidth=1.4, linestyle=dashes)
    axes.vlines(xs, lows, highs, color=style.colour, linewidth=1.4, alpha=0.8)
    axes.plot(
        xs,
        means,
        marker=style.marker,
        markersize=7,
        markerfacecolor=style.colour,
        markeredgecolor="white",
        markeredgewidth=0.7,
        linestyle="none",
        zorder=3,
    )
