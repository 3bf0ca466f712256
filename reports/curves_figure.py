"""Training curves: validation AUC by epoch, for the rows of one quality table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .figure import Style, bare_axes, new_figure, render, style_of, styled
from .labels import Point
from .margin_labels import LINE_HEIGHT, label_right

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .ranking import Ranking, Row

__all__ = ["curves_figure"]


def curves_figure(ranking: Ranking, name: str) -> dict[str, bytes]:
    """Draw it: one line a seed, a marker at the epoch whose weights were kept, the row's name at its end.

    Args:
        ranking: The rows.
        name: Of the files, without suffix.

    Returns:
        File contents by name; empty if no trial has a history.
    """
    from matplotlib.ticker import MaxNLocator

    with styled():
        figure, (axes,) = new_figure(max(3.8, len(ranking.rows) * LINE_HEIGHT / 72 + 0.8))
        bare_axes(axes)
        ends = [
            end for i, row in enumerate(ranking.rows) if (end := _draw(axes, row, style_of(i))) is not None
        ]
        if not ends:
            return {}
        axes.set_xlabel("epoch")
        axes.set_ylabel("validation AUC × 100")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        # A margin for the labels, which stand outside the panel where the layout does not see them.
        longest = max(len(end.label) for end in ends)
        figure.get_layout_engine().set(rect=(0, 0, 1 - min(0.35, 0.03 + 0.0088 * longest), 1))  # type: ignore[union-attr]
        figure.draw_without_rendering()
        label_right(axes, ends)
        return render(figure, name)


def _draw(axes: Axes, row: Row, style: Style) -> Point | None:
    """The row's lines; returns the end of the first seed's line to label."""
    end = None
    for record in row.records:
        curve = [(e.number, 100 * e.valid_auc) for e in record.history if math.isfinite(e.valid_auc)]
        if not curve:
            continue
        axes.plot(*zip(*curve, strict=True), color=style.colour, linewidth=1.5, alpha=0.85)
        for epoch, value in curve:
            if epoch == record.best_epoch:
                axes.plot(epoch, value, marker=style.marker, color=style.colour, markersize=6)
        last, value = curve[-1]
        end = end or Point(last, value, value, value, row.name, style.ink)
    return end
