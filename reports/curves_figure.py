"""Training curves: validation AUC by epoch, for the rows of one quality table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .figure import Style, bare_axes, drawable, new_figure, render, styled, styles
from .margin_labels import LINE_HEIGHT, LineEnd, label_right

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from ..suites.records import FitRecord

__all__ = ["curves_figure"]


def curves_figure(lines: Sequence[tuple[str, FitRecord]], name: str) -> dict[str, bytes]:
    """Draw it: one line a fit, a marker at the epoch whose weights were kept, the method's name at its end.

    Args:
        lines: Fits and the names of their methods; fits of one method are told apart by nothing.
        name: Of the files, without suffix.

    Returns:
        File contents by name.
    """
    looks = styles(method for method, _ in lines)
    with styled():
        from matplotlib.ticker import MaxNLocator

        figure = new_figure(max(3.8, len(looks) * LINE_HEIGHT / 72 + 0.8))
        figure.set_layout_engine("constrained")
        axes = figure.subplots()
        bare_axes(axes)
        ends: dict[str, LineEnd] = {}
        for method, fit in lines:
            end = _draw(axes, method, fit, looks[method])
            ends.setdefault(method, end)
        axes.set_xlabel("epoch")
        axes.set_ylabel("validation AUC × 100")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        # A margin for the labels, which stand outside the panel where the layout does not see them.
        longest = max(len(end.label) for end in ends.values())
        figure.get_layout_engine().set(rect=(0, 0, 1 - min(0.35, 0.03 + 0.0088 * longest), 1))  # type: ignore[union-attr]
        figure.draw_without_rendering()
        label_right(axes, list(ends.values()))
        return render(figure, name)


def _draw(axes: Axes, method: str, fit: FitRecord, style: Style) -> LineEnd:
    """A fit's line; returns its end to label."""
    curve = [(epoch.number, 100 * epoch.valid_auc) for epoch in fit.history]
    axes.plot(*zip(*curve, strict=True), color=style.colour, linewidth=1.5, alpha=0.85)
    for epoch, value in curve:
        if epoch == fit.best_epoch:
            axes.plot(epoch, value, marker=style.marker, color=style.colour, markersize=6)
    last, value = curve[-1]
    return LineEnd(last, value, drawable(method), style.ink)
