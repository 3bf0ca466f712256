"""Training curves: validation AUC by epoch, for the rows of one quality table."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from .figure import PAGE_WIDTH, Style, bare_axes, drawable, new_figure, render, style_of, styled
from .margin_labels import LINE_HEIGHT, LineEnd, label_right

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from ..suites.records import FitRecord

__all__ = ["DASHES", "MOST_LINES", "Dashes", "curves_figure"]

MOST_LINES = 8
"""Methods in one panel; more cannot be told apart."""

Dashes = str | tuple[float, tuple[float, ...]]
"""How a line is broken, as matplotlib takes it."""

DASHES: tuple[Dashes, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
"""For methods of one colour in one panel."""
# Inches.
_LEFT, _FOOT, _TOP, _GAP = 0.7, 0.5, 0.15, 0.35
_CHARACTER = 0.085
_SMALLEST = 2.2


@dataclass(frozen=True)
class _Curve:
    """A method's validation AUC × 100 by epoch: mean, lowest and highest of its fits that got there."""

    name: str
    fits: Sequence[FitRecord]

    @property
    def epochs(self) -> range:
        return range(1, max(len(fit.history) for fit in self.fits) + 1)

    def at(self, epoch: int) -> list[float]:
        return [100 * f.history[epoch - 1].valid_auc for f in self.fits if len(f.history) >= epoch]

    @property
    def means(self) -> list[float]:
        return [math.fsum(values) / len(values) for epoch in self.epochs if (values := self.at(epoch))]

    @property
    def last(self) -> float:
        return self.means[-1]


def curves_figure(fits: Sequence[tuple[str, FitRecord]], name: str) -> dict[str, bytes]:
    """Draw it: a line a method, the mean of its fits, in a band from the lowest of them to the highest.

    A marker stands for each fit, at the epoch whose weights were kept. Methods are shared out to panels of at
    most `MOST_LINES` by their last mean, the highest first, each panel with a scale of its own.

    Args:
        fits: Fits and the names of their methods.
        name: Of the files, without suffix.

    Returns:
        File contents by name.
    """
    names = dict.fromkeys(method for method, _ in fits)
    curves = [_Curve(own, [fit for method, fit in fits if method == own]) for own in names]
    panels = _shared_out(sorted(curves, key=lambda curve: (-curve.last, curve.name)))
    longest = max(len(drawable(curve.name)) for curve in curves)
    right = min(0.35 * PAGE_WIDTH, 0.4 + _CHARACTER * longest)
    tall = max(_SMALLEST, max(map(len, panels)) * LINE_HEIGHT / 72 + 0.2) * (1.4 if len(panels) == 1 else 1)
    height = _FOOT + _TOP + len(panels) * tall + (len(panels) - 1) * _GAP
    with styled():
        figure = new_figure(height)
        for number, panel in enumerate(panels):
            bottom = height - _TOP - (number + 1) * tall - number * _GAP
            width = (PAGE_WIDTH - _LEFT - right) / PAGE_WIDTH
            axes = figure.add_axes((_LEFT / PAGE_WIDTH, bottom / height, width, tall / height))
            _draw_panel(axes, panel, max(curve.epochs[-1] for curve in curves))
            if panel is panels[-1]:
                axes.set_xlabel("epoch")
            figure.draw_without_rendering()
            label_right(axes, [_end(curve) for curve in panel])
        return render(figure, name)


def _shared_out(curves: Sequence[_Curve]) -> list[Sequence[_Curve]]:
    """Panels of about as many, in the order given."""
    number = math.ceil(len(curves) / MOST_LINES)
    edges = [round(len(curves) * part / number) for part in range(number + 1)]
    return [curves[start:end] for start, end in pairwise(edges)]


def _draw_panel(axes: Axes, curves: Sequence[_Curve], epochs: int) -> None:
    from matplotlib.ticker import MaxNLocator

    bare_axes(axes)
    drawn: Counter[str] = Counter()
    for curve in curves:
        style = style_of(curve.name)
        _draw(axes, curve, style, DASHES[drawn[style.colour] % len(DASHES)])
        drawn[style.colour] += 1
    axes.set_xlim(1 - 0.04 * epochs, epochs * 1.04)
    axes.set_ylabel("validation AUC × 100")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _draw(axes: Axes, curve: _Curve, style: Style, dashes: Dashes) -> None:
    values = [curve.at(epoch) for epoch in curve.epochs]
    low, high = [min(one) for one in values], [max(one) for one in values]
    axes.fill_between(curve.epochs, low, high, color=style.colour, alpha=0.12, linewidth=0)
    axes.plot(curve.epochs, curve.means, color=style.colour, linewidth=1.6, linestyle=dashes)
    for fit in curve.fits:
        kept = 100 * fit.history[fit.best_epoch - 1].valid_auc
        axes.plot(
            [fit.best_epoch],
            [kept],
            marker=style.marker,
            markersize=6,
            markerfacecolor=style.colour,
            markeredgecolor="white",
            markeredgewidth=0.6,
            linestyle="none",
            clip_on=False,
        )


def _end(curve: _Curve) -> LineEnd:
    return LineEnd(curve.epochs[-1], curve.last, drawable(curve.name), style_of(curve.name).ink)
