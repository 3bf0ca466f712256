"""From the bytes of an image file to a square array."""

from __future__ import annotations

import math
import re
import struct
import warnings
import zlib
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..errors import Fault, InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DECODER_VERSION", "MAX_PIXELS", "decode"]

DECODER_VERSION = 1
"""Part of the image store's key: raise it when `decode` would give other pixels for the same bytes."""

MAX_PIXELS = 1 << 26
"""Pixels of the largest image that is decoded: 67 million, 256 MiB in memory."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
_WANTED = "a whole JPEG, PNG, WebP, GIF, BMP or TIFF"
_WHITE = (255, 255, 255)
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, struct.error, zlib.error)
"""What Pillow's readers raise on broken files."""

warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # above MAX_PIXELS, so refused in our words


def decode(data: bytes, name: str, size: int) -> NDArray[np.uint8]:
    """An image as a square RGB array, the whole picture centred on white.

    A picture that is not square is fitted in whole, not cropped: a garment fills its photograph, so that a
    centre crop would cut off a dress's hem or a shoe's toe; and white is the ground of catalogue pictures
    anyway. Square pictures (Polyvore's, Closet's) fill the frame.

    JPEGs are decoded at the smallest of libjpeg's scales (1, 1/2, 1/4, 1/8) that leaves at least twice the
    size asked for; a Lanczos filter does the rest. Colour profiles are not applied.

    Args:
        data: The bytes of a JPEG, PNG, WebP, GIF, BMP or TIFF file. Grey, CMYK, palette and 16-bit images
            become RGB, transparent ones stand on white, EXIF rotation is applied; of an animation the first
            frame counts.
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
        raise InputError(Fault(name, "zero bytes", _WANTED))
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as image:
            full = image.size
            if math.prod(full) > MAX_PIXELS:
                raise Image.DecompressionBombError(f"{math.prod(full)} pixels")
            image.draft(None, (2 * size, 2 * size))
            drafted = image.size
            ImageOps.exif_transpose(image, in_place=True)
            if image.size != drafted:
                full = full[1], full[0]
            picture = _on_white(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        count = re.search(r"\d+", str(error))  # Pillow's own message begins with it, too
        found = f"{int(count[0]):,} pixels" if count else "a larger image"
        raise InputError(Fault(name, found, f"at most {MAX_PIXELS:,} pixels", "scale it down")) from error
    except UnidentifiedImageError as error:
        raise InputError(Fault(name, "no image", _WANTED)) from error
    except _BROKEN as error:
        raise InputError(Fault(name, f"a broken image ({error})", _WANTED)) from error
    return np.array(_letterbox(picture, full, size))


def _on_white(image: Image.Image) -> Image.Image:
    """The image in RGB, what is transparent in white."""
    if image.mode.startswith("I"):
        image = _eight_bits(image)
    if image.mode == "F":
        raise ValueError("floating-point pixels")
    if not image.has_transparency_data:
        return image.convert("RGB")
    picture = image.convert("RGBA")
    ground = Image.new("RGBA", picture.size, _WHITE)
    return Image.alpha_composite(ground, picture).convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """A grey image of 16 bits a pixel in 8."""
    grey = np.asarray(image)
    if grey.max() > 0xFFFF:
        raise ValueError("grey values of more than 16 bits")
    return Image.fromarray((grey >> 8).astype(np.uint8))


def _letterbox(picture: Image.Image, full: tuple[int, int], size: int) -> Image.Image:
    """The whole picture, as large as fits, centred on a white square.

    Its shape is that of the `full` picture: the sides of a reduced one are rounded.
    """
    scale = size / max(full)
    width, height = (max(1, round(scale * side)) for side in full)
    square = Image.new("RGB", (size, size), _WHITE)
    square.paste(
        picture.resize((width, height), Image.Resampling.LANCZOS), ((size - width) // 2, (size - height) // 2)
    )
    return square
