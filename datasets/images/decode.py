"""From the bytes of an image file to a square array."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ..errors import Fault, InputError

__all__ = ["DECODER_VERSION", "MAX_PIXELS", "decode"]

DECODER_VERSION = 1
"""Part of the image store's key: raise it when `decode` would give other pixels for the same bytes."""

MAX_PIXELS = 1 << 26
"""Largest image that is decoded (67 megapixels, 256 MiB in memory)."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
_WHITE = (255, 255, 255)
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
)
"""What Pillow's readers raise on broken files."""


def decode(data: bytes, name: str, size: int) -> NDArray[np.uint8]:
    """An image as a square RGB array, the whole picture centred on white.

    A picture that is not square is fitted in whole, not cropped: a garment fills its photograph, so a centre crop
    would cut off a dress's hem or a shoe's toe, while white is the ground that catalogue pictures stand on anyway.
    Square pictures (Polyvore, Closet) fill the frame either way.

    JPEGs are decoded at the smallest of libjpeg's scales (1, 1/2, 1/4, 1/8) that leaves at least twice the size
    asked for; a Lanczos filter does the rest.

    Args:
        data: The bytes of a JPEG, PNG, WebP, GIF, BMP or TIFF file. Grey, CMYK, palette and 16-bit images become
            RGB, transparent ones stand on white, EXIF rotation is applied, of an animation the first frame counts.
        name: What to call the image in messages.
        size: Height and width of the result in pixels.

    Returns:
        uint8 (size, size, 3).

    Raises:
        InputError: If the bytes are no whole image, or one of more than `MAX_PIXELS`.

    Example:
        >>> file = BytesIO()
        >>> Image.new("L", (40, 20)).save(file, "PNG")
        >>> decode(file.getvalue(), "black.png", 4)[:, :, 0].tolist()
        [[255, 255, 255, 255], [0, 0, 0, 0], [0, 0, 0, 0], [255, 255, 255, 255]]
    """
    if not data:
        raise InputError(Fault(name, "zero bytes", "an image"))
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as image:
            _refuse_bomb(image, name)
            image.draft(None, (2 * size, 2 * size))
            picture = _on_white(ImageOps.exif_transpose(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(_bomb(name, str(error))) from error
    except InputError:
        raise
    except _BROKEN as error:
        raise InputError(
            Fault(name, f"no readable image ({error})", "a whole JPEG, PNG, WebP, GIF, BMP or TIFF")
        ) from error
    picture = ImageOps.contain(picture, (size, size), Image.Resampling.LANCZOS)
    return np.asarray(ImageOps.pad(picture, (size, size), color=_WHITE))


def _refuse_bomb(image: Image.Image, name: str) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise InputError(_bomb(name, f"{image.width}×{image.height} pixels"))


def _bomb(name: str, found: str) -> Fault:
    return Fault(name, found, f"at most {MAX_PIXELS:,} pixels", "scale the image down")


def _on_white(image: Image.Image) -> Image.Image:
    """The image in RGB, what is transparent in white."""
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, (*_WHITE, 255))
    return Image.alpha_composite(ground, layer).convert("RGB")
