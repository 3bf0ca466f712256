"""Where a garment lies in its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .garment import Garment
from .garments.panels import Panel, Part, Point

__all__ = ["Placement"]


@dataclass(frozen=True)
class Placement:
    """A map from the drawing board to the canvas, in whole numbers.

    Attributes:
        centre: The board point that comes to lie at `target`.
        target: Canvas pixels.
        pixels: A length of `units` on the board is this many pixels on the canvas.
        units: See `pixels`.
        flipped: Whether left and right are exchanged.
    """

    centre: Point
    target: Point
    pixels: int
    units: int
    flipped: bool

    @classmethod
    def of(cls, parts: Sequence[Part], garment: Garment, canvas: int) -> Placement:
        """Fill the canvas with the garment, but for its own margin and shift.

        Args:
            parts: The garment's parts on the board.
            garment: Gives the size in percent of the canvas, the shift, and the flip.
            canvas: Side of the canvas in pixels.
        """
        corners = [point for part in parts for point in _points_of(part)]
        left, right = min(x for x, _ in corners), max(x for x, _ in corners)
        top, bottom = min(y for _, y in corners), max(y for _, y in corners)
        return cls(
            centre=((left + right) // 2, (top + bottom) // 2),
            target=(
                canvas * (500 + garment.shift[0]) // 1000,
                canvas * (500 + garment.shift[1]) // 1000,
            ),
            pixels=canvas * garment.scale,
            units=max(right - left, bottom - top) * 100,
            flipped=garment.flipped,
        )

    def length(self, units: int) -> int:
        """A length on the board in pixels."""
        return units * self.pixels // self.units

    def points(self, points: Sequence[Point]) -> list[Point]:
        """Points of the board in pixels of the canvas."""
        side = -1 if self.flipped else 1
        return [
            (
                self.target[0] + self.length((x - self.centre[0]) * side),
                self.target[1] + self.length(y - self.centre[1]),
            )
            for x, y in points
        ]


def _points_of(part: Part) -> Sequence[Point]:
    return part.outline if isinstance(part, Panel) else part.points
