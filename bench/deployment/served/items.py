"""Items as the encoder takes them."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def read_item(path: Path, card: dict[str, Any]) -> NDArray[Any]:
    """A vector, or the whole RGB picture in [0, 1], centred on a white square."""
    if card["input_kind"] == "features":
        return np.load(path)
    from PIL import Image, ImageOps

    size, image = card["input_size"], Image.open(path)
    if image.mode[0] in "IF":  # Pillow would clip them where training did not
        sys.exit(f"{path.name}: found a picture of more than 8 bits a sample, expected one of 8")
    lies = image.getexif().get(0x0112, 1) > 4  # EXIF sets it upright
    sides = image.size[::-1] if lies else image.size
    image.draft(None, (2 * size, 2 * size))  # a JPEG at the smallest scale that has twice the size
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    width, height = (max(1, round(size / max(sides) * side)) for side in sides)
    square = Image.new("RGB", (size, size), "white")
    small = image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    square.paste(small, ((size - width) // 2, (size - height) // 2))
    return np.asarray(square).transpose(2, 0, 1) / np.float32(255)
