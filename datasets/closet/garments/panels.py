"""The vocabulary of garment drawings: panels and seams on a board of 1000 × 1000 whole-number units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["BOARD", "Cut", "Draw", "Panel", "Part", "Point", "Seam", "blob", "curve", "mirror", "symmetric"]

BOARD = 1000
"""Width and height of the drawing board; x = 500 is the garment's middle."""

Point = tuple[int, int]
Cloth = Literal["fabric", "trim", "second", "dark", "light"]
"""What a part is made of: the patterned fabric, plain colours, the hollow behind an opening, or metal."""


@dataclass(frozen=True)
class Panel:
    """A filled and outlined piece."""

    outline: tuple[Point, ...]
    cloth: Cloth = "fabric"


@dataclass(frozen=True)
class Seam:
    """A drawn line."""

    points: tuple[Point, ...]
    width: int = 5
    cloth: Cloth = "dark"


Part = Panel | Seam


@dataclass(frozen=True)
class Cut:
    """The dials that vary a garment's silhouette, each 0 … 100."""

    length: int
    width: int
    flare: int
    neck: int
    detail: int

    def length_between(self, low: int, high: int) -> int:
        """The length dial as a measure between `low` and `high`."""
        return low + (high - low) * self.length // 100

    def width_between(self, low: int, high: int) -> int:
        """The width dial as a measure between `low` and `high`."""
        return low + (high - low) * self.width // 100

    def flare_between(self, low: int, high: int) -> int:
        """The flare dial as a measure between `low` and `high`."""
        return low + (high - low) * self.flare // 100

    def neck_between(self, low: int, high: int) -> int:
        """The neck dial as a measure between `low` and `high`."""
        return low + (high - low) * self.neck // 100


Draw = Callable[[Cut], Sequence[Part]]
"""A kind of garment: its parts from back to front, for a cut."""


def curve(start: Point, bend: Point, end: Point, steps: int = 8) -> tuple[Point, ...]:
    """Points of the quadratic Bézier curve from `start` to `end`, pulled towards `bend`, ends included.

    Example:
        >>> curve((0, 0), (10, 0), (10, 10), steps=2)
        ((0, 0), (7, 2), (10, 10))
    """
    points = []
    for i in range(steps + 1):
        a, b, c = (steps - i) ** 2, 2 * i * (steps - i), i**2
        x, y = ((a * p + b * q + c * r) // steps**2 for p, q, r in zip(start, bend, end, strict=True))
        points.append((x, y))
    return tuple(points)


def mirror(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points reflected in the garment's middle."""
    return tuple((BOARD - x, y) for x, y in points)


def symmetric(left: Sequence[Point]) -> tuple[Point, ...]:
    """A closed outline from its left half, which runs from the middle's top to the middle's bottom."""
    return (*left, *reversed(mirror(left)))


def blob(x: int, y: int, radius: int) -> tuple[Point, ...]:
    """A disc as a polygon of twelve corners: buttons, eyelets, bows."""
    unit = ((100, 0), (87, 50), (50, 87), (0, 100), (-50, 87), (-87, 50))
    half = [(x + radius * dx // 100, y + radius * dy // 100) for dx, dy in unit]
    other = [(x - radius * dx // 100, y - radius * dy // 100) for dx, dy in unit]
    return (*half, *other)
