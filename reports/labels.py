"""Labels beside their points, none over another, over a marker, or outside the panel."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .figure import LABEL_GROUND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

__all__ = ["Point", "label_points"]

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
    """Where a label may stand: an offset in points (1/72 inch), and which of its sides faces the marker."""

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

    Each label in turn takes the free place nearest to its point. Limits, scales and layout must be settled.
    """
    dots = axes.figure.dpi / 72
    frame = axes.get_window_extent()
    taken = [_marker_box(axes, point, _MARKER / 2 * dots) for point in points]
    for point in points:
        box_at = _box_maker(axes, point, dots)
        place = _free_place(box_at, taken, frame)
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
            bbox=LABEL_GROUND,
            arrowprops=line if place.radius > _STANDS_OFF else None,
        )


def _places() -> Iterator[_Place]:
    for radius in _RADII:
        for angle in _ANGLES:
            yield _Place(
                radius, radius * math.cos(math.radians(angle)), radius * math.sin(math.radians(angle))
            )


def _free_place(box_at: Callable[[_Place], Bbox], taken: Sequence[Bbox], frame: Bbox) -> _Place:
    """The nearest place whose box is free; the least crowded one where none is."""

    def crowding(place: _Place) -> float:
        box = box_at(place)
        outside = box.width * box.height - _shared(box, frame)
        return outside + sum(_shared(box, other) for other in taken)

    free = (place for place in _places() if crowding(place) < 1)
    return next(free, None) or min(_places(), key=crowding)


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


def _shared(one: Bbox, other: Bbox) -> float:
    """Area in pixels that two boxes share."""
    across = min(one.x1, other.x1) - max(one.x0, other.x0)
    up = min(one.y1, other.y1) - max(one.y0, other.y0)
    return across * up if across > 0 and up > 0 else 0.0
