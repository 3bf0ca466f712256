"""From a garment's numbers to its picture."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from .fabric import weave
from .garment import Colour, Garment
from .garments import WARDROBE
from .garments.panels import BOARD, Panel, Part, Point, Seam

__all__ = ["SIDE", "paint", "render"]

SIDE = 128
"""Side of a picture in pixels."""

_OVERSAMPLING = 2
_CANVAS = SIDE * _OVERSAMPLING
_LIGHT: Colour = (244, 242, 236)
_HOLLOW = 55
"""Brightness of the inside of a garment, in percent of its fabric's."""


def render(garment: Garment) -> bytes:
    """The garment's picture as a JPEG file."""
    out = io.BytesIO()
    paint(garment).save(out, "JPEG", quality=92, subsampling=0, optimize=False)
    return out.getvalue()


def paint(garment: Garment) -> Image.Image:
    """The garment on its backdrop, RGB, `SIDE` × `SIDE`."""
    parts = WARDROBE[garment.kind](garment.cut)
    noise = np.random.PCG64(garment.grain)
    canvas = Image.new("RGB", (_CANVAS, _CANVAS), garment.backdrop)
    _cast_shadow(canvas, garment, parts)
    cloths = _cut_cloths(garment, noise)
    pen = ImageDraw.Draw(canvas)
    for part in parts:
        if isinstance(part, Panel):
            _sew(canvas, cloths[part.cloth], _placed(garment, part.outline))
        else:
            _stitch(pen, part, garment, _flat_colour(garment, part.cloth))
    picture = np.asarray(canvas.reduce(_OVERSAMPLING), np.int16)
    return Image.fromarray(np.clip(picture + _ripple(noise, SIDE, 5), 0, 255).astype(np.uint8))


def _placed(garment: Garment, points: Sequence[Point]) -> list[Point]:
    """Board points in canvas pixels, with the garment's flip, scale and shift."""
    side = -1 if garment.flipped else 1
    return [
        (
            ((x - 500) * side * garment.scale + (500 + garment.shift[0]) * 100) * _CANVAS // (BOARD * 100),
            ((y - 500) * garment.scale + (500 + garment.shift[1]) * 100) * _CANVAS // (BOARD * 100),
        )
        for x, y in points
    ]


def _cast_shadow(canvas: Image.Image, garment: Garment, parts: Sequence[Part]) -> None:
    """A soft shadow below and to the right, as of a garment laid on paper."""
    mask = Image.new("L", canvas.size)
    pen = ImageDraw.Draw(mask)
    for part in parts:
        if isinstance(part, Panel):
            pen.polygon([(x + 5, y + 7) for x, y in _placed(garment, part.outline)], fill=70)
    canvas.paste((60, 55, 60), mask=mask.filter(ImageFilter.BoxBlur(5)))


def _cut_cloths(garment: Garment, noise: np.random.PCG64) -> dict[str, Image.Image]:
    """A canvas of each cloth, with the folds and the texture of the garment."""
    folds = _folds(noise)
    period = garment.period * _CANVAS // BOARD
    fabric = weave(garment.pattern, _CANVAS, period, garment.base, garment.second).astype(np.int32)
    return {
        "fabric": _shaded(fabric, folds),
        "dark": _shaded(fabric * _HOLLOW // 100, folds),
        "trim": _shaded(np.int32(garment.trim), folds),
        "second": _shaded(np.int32(garment.second), folds),
        "light": _shaded(np.int32(_LIGHT), folds),
    }


def _shaded(cloth: NDArray[np.int32], folds: NDArray[np.int32]) -> Image.Image:
    return Image.fromarray(np.clip(cloth * folds[..., None] // 256, 0, 255).astype(np.uint8))


def _folds(noise: np.random.PCG64) -> NDArray[np.int32]:
    """Brightness of the cloth in 256ths: a few slanting folds, and the thread, int32 (canvas, canvas)."""
    y, x = np.mgrid[:_CANVAS, :_CANVAS].astype(np.int32)
    slant, width, start = (int(word % 1000) for word in noise.random_raw(3))
    width = 50 + width % 50
    wave = abs((x * 2 + y * (slant % 3 - 1) + start) % (2 * width) - width)
    return 226 + wave * 40 // width + _ripple(noise, _CANVAS, 9)[..., 0]


def _ripple(noise: np.random.PCG64, side: int, depth: int) -> NDArray[np.int32]:
    """Noise of −depth … depth, int32 (side, side, 1)."""
    words = noise.random_raw(side * side // 8).view(np.uint8).astype(np.int32)
    return (words * (2 * depth + 1) // 256 - depth).reshape(side, side, 1)


def _sew(canvas: Image.Image, cloth: Image.Image, outline: list[Point]) -> None:
    mask = Image.new("L", canvas.size)
    ImageDraw.Draw(mask).polygon(outline, fill=255)
    canvas.paste(cloth, mask=mask)
    ImageDraw.Draw(canvas).line([*outline, outline[0]], fill=(52, 46, 50), width=2)


def _stitch(pen: ImageDraw.ImageDraw, seam: Seam, garment: Garment, colour: Colour) -> None:
    width = max(1, seam.width * garment.scale * _CANVAS // (BOARD * 100))
    pen.line(_placed(garment, seam.points), fill=colour, width=width, joint="curve")


def _flat_colour(garment: Garment, cloth: str) -> Colour:
    if cloth == "dark":
        red, green, blue = (part * _HOLLOW // 100 for part in garment.base)
        return red, green, blue
    return {"fabric": garment.base, "trim": garment.trim, "second": garment.second, "light": _LIGHT}[cloth]
