"""From the bytes of an image file to a square array."""

from __future__ import annotations

import logging
import math
import re
import struct
import warnings
import zlib
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import BITSPERSAMPLE, PHOTOMETRIC_INTERPRETATION, SAMPLEFORMAT, TiffImageFile

from ...core.errors import Fault, InputError
from ...core.names import shown
from .metadata import bare, exif_orientation, xmp_orientation

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DECODER_VERSION", "MAX_PIXELS", "decode", "is_image"]

DECODER_VERSION = 3
"""Part of the image store's key: raise it when `decode` would give other pixels for the same bytes."""

MAX_PIXELS = 1 << 26
"""Pixels of the largest image that is decoded: 67 million, 256 MiB in memory."""

_AVIF = ("AVIF",) if find_spec("PIL.AvifImagePlugin") else ()
"""Pillow learnt to read it with 11.3; one that never heard of it refuses the whole list of formats."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", *_AVIF)
_WANTED = "a whole JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF"
_BEGINNINGS = re.compile(rb"\xff\xd8\xff|\x89PNG|RIFF....WEBP|GIF8|BM|II[*+]\0|MM\0[*+]|....ftyp", re.DOTALL)
_WHITE = (255, 255, 255)
_BROKEN = (
    *(OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, ArithmeticError, AttributeError),
    *(AssertionError, RuntimeError, MemoryError, struct.error, zlib.error),
)
"""What Pillow's readers raise on broken files."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What sets a picture of each orientation upright."""

_BELOW_ZERO = "grey values below zero"
_SAME_SIDES = (_TURNS[2], _TURNS[3], _TURNS[4])
"""Turns that leave width and height what they are."""

_SILENCE = ("ignore", None, Warning, re.compile(r"PIL\."), 0)
"""What `warnings` makes of the filter that keeps Pillow silent."""

logging.getLogger("PIL").addHandler(logging.NullHandler())  # or what it logs would go to the terminal


def decode(data: bytes, name: str, size: int) -> NDArray[np.uint8]:
    """An image as a square RGB array, the whole picture centred on white.

    A picture that is not square is fitted in whole, not cropped: a garment fills its photograph, so that a
    centre crop would cut off a dress's hem or a shoe's toe; and white is the ground of catalogue pictures
    anyway. Square pictures (Polyvore's, Closet's) fill the frame.

    JPEGs are decoded at the smallest of libjpeg's scales (1, 1/2, 1/4, 1/8) that leaves at least twice the
    size asked for; a Lanczos filter does the rest. Colour profiles are not applied.

    Args:
        data: The bytes of a JPEG, PNG, WebP, GIF, BMP, TIFF or (where Pillow can) AVIF file. Grey, CMYK,
            palette and 16-bit images become RGB, transparent ones stand on white, EXIF rotation is applied;
            of an animation the first frame counts. Nothing else of the metadata is looked at, however broken
            it is (`metadata.bare`).
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
    _silence_pillow()
    bared = bare(data)
    try:
        with Image.open(BytesIO(bared.data), formats=_FORMATS) as image:
            full = image.size
            if math.prod(full) > MAX_PIXELS:
                raise Image.DecompressionBombError(f"{math.prod(full)} pixels")
            image.draft(None, (2 * size, 2 * size))
            image.load()
            picture = _on_white(image, bared.data)
            turn = _TURNS.get(_orientation(image) if bared.orientation is None else bared.orientation)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        count = re.search(r"\d+", str(error))  # Pillow's own message begins with it, too
        found = f"{int(count[0]):,} pixels" if count else "a larger image"
        raise InputError(Fault(name, found, f"at most {MAX_PIXELS:,} pixels", "scale it down")) from error
    except UnidentifiedImageError as error:
        raise InputError(Fault(name, "no image", _WANTED)) from error
    except _BROKEN as error:
        reason = shown(str(error))[1:-1]
        raise InputError(Fault(name, f"a broken image ({reason})", _WANTED)) from error
    if turn is not None:
        picture = picture.transpose(turn)
        full = full if turn in _SAME_SIDES else (full[1], full[0])
    return np.array(_letterbox(picture, full, size))


def is_image(path: Path) -> bool:
    """Whether a file begins as an image of a kind that `decode` reads, whatever its name says.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(12)
        if not _BEGINNINGS.match(head):
            return False
        data = bare(head + file.read()).data
    _silence_pillow()
    try:
        with Image.open(BytesIO(data), formats=_FORMATS):
            return True
    except Image.DecompressionBombError:
        return True  # an image, and one that will be refused by its size
    except _BROKEN:
        return False


def _silence_pillow() -> None:
    """Keep Pillow's warnings off the terminal: they name no file, and what matters `decode` says itself.

    The filter is put first again wherever somebody put another before it. It is the process's own: one that
    is set for a while (`warnings.catch_warnings`) is not safe among threads.
    """
    if not warnings.filters or warnings.filters[0] != _SILENCE:
        warnings.filterwarnings("ignore", module=r"PIL\.")


def _orientation(image: Image.Image) -> int:
    """The orientation of an image of a kind that `bare` does not look into."""
    exif, xmp = (image.info.get(key) for key in ("exif", "xmp"))
    turned = exif_orientation(exif) if isinstance(exif, bytes) else 1
    return xmp_orientation(xmp) if turned == 1 and isinstance(xmp, bytes) else turned


def _on_white(image: Image.Image, data: bytes) -> Image.Image:
    """The image in RGB, what is transparent in white."""
    clear = _clear_pixels(image, data)
    if _is_signed(image) and image.mode == "L" and np.asarray(image).max() > 0x7F:
        raise ValueError(_BELOW_ZERO)  # Pillow reads signed grey of 8 bits as unsigned
    if image.mode.startswith("I"):
        image = _eight_bits(image)
    if image.mode == "F":
        raise ValueError("floating-point pixels")
    if clear is not None:
        picture = image.convert("RGB")
        picture.paste(_WHITE, mask=Image.fromarray(clear))
        return picture
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")  # which would copy it
    picture = image.convert("RGBA")
    ground = Image.new("RGBA", picture.size, _WHITE)
    return Image.alpha_composite(ground, picture).convert("RGB")


def _clear_pixels(image: Image.Image, data: bytes) -> NDArray[np.bool_] | None:
    """Pixels of the one grey or colour that a PNG calls transparent; None where it is no such PNG.

    Pillow compares the colour as it stands in the file, in the file's bits, with pixels of eight bits.
    """
    colour = image.info.pop("transparency", None) if image.format == "PNG" and image.mode != "P" else None
    if colour is None:
        return None
    bits = data[24]  # of a sample, in IHDR, which is the first chunk
    pixels = np.asarray(image)
    if image.mode == "1":
        return pixels == bool(colour)
    if image.mode == "RGB":
        if bits == 16:
            pixels = pixels.astype(np.uint16) << 8 | _lower_halves(data)
        return (pixels == colour).all(axis=2)
    return pixels == (colour * 255 // ((1 << bits) - 1) if bits < 8 else colour)


def _lower_halves(data: bytes) -> NDArray[np.uint8]:
    """The lower eight bits of the samples of a PNG of 16-bit colours, of which Pillow keeps the upper ones.

    They are what it keeps when it takes the samples for ones that begin with their lower byte.
    """
    with Image.open(BytesIO(data), formats=("PNG",)) as image:
        image.tile = [tile._replace(args="RGB;16L") for tile in image.tile]
        image.load()
        return np.asarray(image)


def _is_signed(image: Image.Image) -> bool:
    """Whether an image is a TIFF whose samples are whole numbers of either sign."""
    return isinstance(image, TiffImageFile) and image.tag_v2.get(SAMPLEFORMAT, (1,))[0] == 2


def _eight_bits(image: Image.Image) -> Image.Image:
    """A grey image of 12 or 16 bits a pixel in 8."""
    grey = np.asarray(image)
    if grey.min() < 0 and (_is_signed(image) or not isinstance(image, TiffImageFile)):
        raise ValueError(_BELOW_ZERO)
    if grey.min() < 0 or grey.max() > 0xFFFF:  # Pillow reads unsigned grey of 32 bits as signed
        raise ValueError("grey values of more than 16 bits")
    if isinstance(image, TiffImageFile):
        if image.tag_v2.get(BITSPERSAMPLE, (16,))[0] == 12:
            grey = grey << 4  # Pillow leaves them in the lower part of 16
        if image.tag_v2.get(PHOTOMETRIC_INTERPRETATION) == 0:
            grey = 0xFFFF - grey  # white is zero: Pillow turns 8 bits round, not 16
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
