"""Labels in the right margin, at the ends of lines, none over another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

__all__ = ["LINE_HEIGHT", "LineEnd", "label_right", "spread"]

LINE_HEIGHT = 13.0
"""Points from one label in the margin to the next."""


@dataclass(frozen=True)
class LineEnd:
    """Where a line ends, in data coordinates, and its label."""

    x: float
    y: float
    label: str
    colour: str


def label_right(axes: Axes, ends: Sequence[LineEnd]) -> None:
    """Label the ends of lines in the right margin, apart from each other; the layout must be settled."""
    frame = axes.get_window_extent()
    ends = sorted(ends, key=lambda end: (end.y, end.label))
    wanted = [float(axes.transData.transform((end.x, end.y))[1]) for end in ends]
    gap = LINE_HEIGHT * axes.figure.dpi / 72
    heights = spread(wanted, gap, frame.y0, frame.y1 - gap / 2)
    for end, height in zip(ends, heights, strict=True):
        axes.annotate(
            end.label,
            (end.x, end.y),
            xytext=(1.03, (height - frame.y0) / frame.height),
            textcoords="axes fraction",
            verticalalignment="center",
            color=end.colour,
            arrowprops={
                "arrowstyle": "-",
                "color": end.colour,
                "linewidth": 0.6,
                "linestyle": ":",  # not to be taken for the line going on
                "relpos": (0, 0.5),  # from the label's left edge
                "shrinkA": 2,
                "shrinkB": 2,
            },
            annotation_clip=False,
        ).set_in_layout(False)


def spread(values: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Ascending values moved as little as needed to lie `gap` apart and, where they fit, in [low, high].

    Values that have to move form a block around their common mean.

    Example:
        >>> spread([0.0, 1.0, 50.0], 10.0, -100.0, 100.0)
        [-4.5, 5.5, 50.0]
        >>> spread([0.0, 1.0, 50.0], 10.0, 0.0, 100.0)
        [0.0, 10.0, 50.0]
    """
    blocks: list[tuple[float, list[float]]] = []  # where it starts, and where each member wants it to start
    for value in values:
        members = [value]
        start = _within(value, low, high)
        while blocks and blocks[-1][0] + gap * len(blocks[-1][1]) > start:
            _, before = blocks.pop()
            members = before + [wanted - gap * len(before) for wanted in members]
            start = _within(sum(members) / len(members), low, high - gap * (len(members) - 1))
        blocks.append((start, members))
    return [start + gap * place for start, members in blocks for place in range(len(members))]


def _within(value: float, low: float, high: float) -> float:
    return max(low, min(value, high))
