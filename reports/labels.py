"""Labels beside what they name, none over another, over a marker, or outside the panel."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

__all__ = ["Point", "label_points", "label_right", "spread"]

_RADII = (9, 15, 22, 30, 40, 52, 66, 82, 100)
_ANGLES = (0, 180, 40, 320, 140, 220, 90, 270, 20, 340, 160, 200)
_MARKER = 7.0
_STANDS_OFF = 15


@dataclass(frozen=True)
class Point:
    """A marker with its vertical interval, in data coordinates, and its label."""

    x: float
    y: float
    low: float
    high: float
    label: str
    colour: str


@dataclass(frozen=True)
class _Place:
    """Where a label may stand: an offset from its point in points (1/72 inch), and which side of it faces the point."""

    radius: float
    across: float
    up: float

    @property
    def horizontal(self) -> str:
        return "left" if self.across > 1 else "right" if self.across < -1 else "center"

    @property
    def vertical(self) -> str:
        return "center" if abs(self.up) < 0.5 * self.radius else "bottom" if self.up > 0 else "top"


def label_points(axes: Axes, points: Sequence[Point]) -> None:
    """Label every point; a label that has to stand off gets a thin line to its point.

    Each label in turn takes the free place nearest to its point. Call it when limits, scales and layout are settled.
    """
    dots = axes.figure.dpi / 72
    frame = axes.get_window_extent()
    taken = [_marker_box(axes, point, _MARKER / 2 * dots) for point in points]
    for point in points:
        box_at = _box_maker(axes, point, dots)
        prices = {
            place: place.radius + rank / 10 + _crowding(box_at(place), taken, frame)
            for rank, place in enumerate(_places())
        }
        place = min(prices, key=prices.__getitem__)
        taken.append(box_at(place))
        line = {"arrowstyle": "-", "color": point.colour, "linewidth": 0.7, "shrinkA": 0, "shrinkB": 4}
        axes.annotate(
            point.label,
            (point.x, point.y),
            xytext=(place.across, place.up),
            textcoords="offset points",
            horizontalalignment=place.horizontal,
            verticalalignment=place.vertical,
            color=point.colour,
            arrowprops=line if place.radius > _STANDS_OFF else None,
        )


def label_right(axes: Axes, ends: Sequence[Point]) -> None:
    """Label the ends of lines in the right margin, moved apart where they would meet; layout must be settled."""
    gap = 13 * axes.figure.dpi / 72
    ends = sorted(ends, key=lambda end: (end.y, end.label))
    heights = spread([float(axes.transData.transform((end.x, end.y))[1]) for end in ends], gap)
    for end, height in zip(ends, heights, strict=True):
        axes.annotate(
            end.label,
            (end.x, end.y),
            xytext=(1.02, float(axes.transAxes.inverted().transform((0, height))[1])),
            textcoords="axes fraction",
            verticalalignment="center",
            color=end.colour,
            arrowprops={"arrowstyle": "-", "color": end.colour, "linewidth": 0.6, "shrinkA": 1, "shrinkB": 2},
            annotation_clip=False,
        )


def spread(values: Sequence[float], gap: float) -> list[float]:
    """Ascending values moved as little as needed for neighbours to be `gap` apart.

    Values that have to move form a block around their common mean.

    Example:
        >>> spread([0.0, 1.0, 50.0], 10.0)
        [-4.5, 5.5, 50.0]
    """
    blocks: list[list[float]] = []  # each the values' wanted positions less their place in the block
    starts: list[float] = []
    for value in values:
        block, start = [value], value
        while blocks and starts[-1] + gap * len(blocks[-1]) > start:
            before = blocks.pop()
            starts.pop()
            block = before + [wanted - gap * len(before) for wanted in block]
            start = sum(block) / len(block)
        blocks.append(block)
        starts.append(start)
    return [start + gap * i for block, start in zip(blocks, starts, strict=True) for i in range(len(block))]


def _places() -> Iterator[_Place]:
    for radius in _RADII:
        for angle in _ANGLES:
            yield _Place(
                radius, radius * math.cos(math.radians(angle)), radius * math.sin(math.radians(angle))
            )


def _marker_box(axes: Axes, point: Point, half: float) -> Bbox:
    from matplotlib.transforms import Bbox

    corners = [(point.x, point.low), (point.x, point.y), (point.x, point.high)]
    (x, low), (_, y), (_, high) = axes.transData.transform(corners)
    return Bbox.from_extents(x - half, min(low, y - half), x + half, max(high, y + half))


def _box_maker(axes: Axes, point: Point, dots: float) -> Callable[[_Place], Bbox]:
    """A function from a place to the box in pixels that the point's label would fill there."""
    from matplotlib.transforms import Bbox

    probe = axes.text(0, 0, point.label)
    size = probe.get_window_extent()
    probe.remove()
    x, y = axes.transData.transform((point.x, point.y))
    across = {"left": 0.0, "right": -1.0, "center": -0.5}
    up = {"bottom": 0.0, "top": -1.0, "center": -0.5}

    def box(place: _Place) -> Bbox:
        left = x + place.across * dots + across[place.horizontal] * size.width
        bottom = y + place.up * dots + up[place.vertical] * size.height
        return Bbox.from_bounds(left, bottom, size.width, size.height)

    return box


def _crowding(box: Bbox, taken: Sequence[Bbox], frame: Bbox) -> float:
    """Price of the pixels that a label would share with others or have outside the panel."""
    outside = box.width * box.height - _shared(box, frame)
    return 100 * (outside + sum(_shared(box, other) for other in taken))


def _shared(one: Bbox, other: Bbox) -> float:
    """Area in pixels that two boxes share."""
    across = min(one.x1, other.x1) - max(one.x0, other.x0)
    up = min(one.y1, other.y1) - max(one.y0, other.y0)
    return across * up if across > 0 and up > 0 else 0.0
