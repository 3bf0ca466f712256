"""From a garment's numbers to its picture."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .fabric import weave
from .garment import Garment
from .garments import WARDROBE
from .garments.panels import Panel, Part, Point
from .placement import Placement
from .styles import Colour

__all__ = ["SIDE", "paint", "render"]

SIDE = 224
"""Side of a picture in pixels: what AlexNet and its kin are made for; smaller ones are made of it."""

_OVERSAMPLING = 2
_CANVAS = SIDE * _OVERSAMPLING
_LINE = _CANVAS // 128
"""Width of an outline in pixels of the canvas."""
_LIGHT: Colour = (244, 242, 236)
_OUTLINE: Colour = (52, 46, 50)
_SHADOW: Colour = (60, 55, 60)
_HOLLOW_PERCENT = 55
"""Brightness of the inside of a garment against that of its fabric."""


def render(garment: Garment) -> bytes:
    """The garment's picture as a JPEG file."""
    out = io.BytesIO()
    paint(garment).save(out, "JPEG", quality=85, subsampling=0)
    return out.getvalue()


def paint(garment: Garment) -> Image.Image:
    """The garment on its backdrop, RGB, `SIDE` × `SIDE`."""
    parts = WARDROBE[garment.kind](garment.cut)
    placement = Placement.of(parts, garment, _CANVAS)
    noise = np.random.PCG64(garment.grain)
    silhouette = _silhouette(parts, placement)
    canvas = Image.new("RGB", (_CANVAS, _CANVAS), garment.backdrop)
    if (ground := garment.ground) is not None:
        canvas.paste(ground.figure, mask=weave(ground.pattern, _CANVAS, ground.period))
    _cast_shadow(canvas, silhouette)
    _sew(canvas, garment, parts, placement)
    picture, worn = canvas.reduce(_OVERSAMPLING), silhouette.reduce(_OVERSAMPLING)
    picture.paste(ImageChops.multiply(picture, _folds(noise)), mask=worn)
    return _grained(picture, noise)


def _silhouette(parts: Sequence[Part], placement: Placement) -> Image.Image:
    """A mask of everything the panels cover."""
    mask = Image.new("L", (_CANVAS, _CANVAS))
    pen = ImageDraw.Draw(mask)
    for part in parts:
        if isinstance(part, Panel):
            pen.polygon(placement.points(part.outline), fill=255)
    return mask


def _cast_shadow(canvas: Image.Image, silhouette: Image.Image) -> None:
    """A soft shadow below and to the right, as of a garment laid on paper.

    It is blurred at a quarter of the canvas' side, where a blur costs a sixteenth.
    """
    small = silhouette.reduce(4)
    shadow = Image.new("L", small.size)
    shadow.paste(small, (small.width // 50, small.width // 36))
    shadow = shadow.filter(ImageFilter.BoxBlur(small.width // 50))
    shadow = shadow.point([level * 7 // 25 for level in range(256)])
    canvas.paste(_SHADOW, mask=shadow.resize(canvas.size, Image.Resampling.BILINEAR))


def _sew(canvas: Image.Image, garment: Garment, parts: Sequence[Part], placement: Placement) -> None:
    """Draw the parts from back to front."""
    colours = _colours(garment)
    fabric = Image.composite(
        Image.new("RGB", canvas.size, garment.second),
        Image.new("RGB", canvas.size, garment.base),
        weave(garment.pattern, _CANVAS, garment.period),
    )
    pen = ImageDraw.Draw(canvas)
    for part in parts:
        if not isinstance(part, Panel):
            width = max(1, placement.length(part.width))
            pen.line(placement.points(part.points), fill=colours[part.cloth], width=width, joint="curve")
            continue
        outline = placement.points(part.outline)
        if part.cloth == "fabric":
            _lay(canvas, fabric, outline)
        else:
            pen.polygon(outline, fill=colours[part.cloth])
        pen.line([*outline, outline[0]], fill=_OUTLINE, width=_LINE)


def _lay(canvas: Image.Image, fabric: Image.Image, outline: list[Point]) -> None:
    """Lay the fabric over the inside of an outline."""
    left, top = (max(0, min(places)) for places in zip(*outline, strict=True))
    right, bottom = (min(_CANVAS, max(places) + 1) for places in zip(*outline, strict=True))
    mask = Image.new("1", (right - left, bottom - top))
    ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in outline], fill=1)
    canvas.paste(fabric.crop((left, top, right, bottom)), (left, top), mask)


def _colours(garment: Garment) -> dict[str, Colour]:
    """The colour of each cloth where it has no pattern."""
    red, green, blue = (part * _HOLLOW_PERCENT // 100 for part in garment.base)
    return {
        "fabric": garment.base,
        "second": garment.second,
        "trim": garment.trim,
        "dark": (red, green, blue),
        "light": _LIGHT,
    }


def _folds(noise: np.random.PCG64) -> Image.Image:
    """Light on the cloth: a few slanting folds, RGB to be multiplied with the picture."""
    y, x = np.ogrid[:SIDE, :SIDE]
    slant, width, start = (int(word % 1000) for word in noise.random_raw(3))
    width = SIDE // 5 + width % (SIDE // 5)
    wave = abs((x * 2 + y * (slant % 3 - 1) + start) % (2 * width) - width)
    return Image.fromarray((212 + wave * 43 // width).astype(np.uint8)).convert("RGB")


def _grained(picture: Image.Image, noise: np.random.PCG64) -> Image.Image:
    """The picture with the grain of a camera."""
    pixels = np.asarray(picture).astype(np.int16) + _grain(noise, depth=7)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _grain(noise: np.random.PCG64, depth: int) -> NDArray[np.int16]:
    """Noise of −depth … depth, int16 (SIDE, SIDE, 1)."""
    octets = noise.random_raw(SIDE * SIDE // 8).astype("<u8").view(np.uint8).astype(np.int16)
    return (octets % (2 * depth + 1) - depth).reshape(SIDE, SIDE, 1)
