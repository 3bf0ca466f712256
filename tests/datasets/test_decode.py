"""Decoding: every kind of image rightly, every broken one refused in one line that names it."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outfitbench.core.errors import InputError
from outfitbench.datasets.images.decode import _FORMATS, MAX_PIXELS, decode
from PIL import Image


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def decoded(image: Image.Image, kind: str = "PNG", size: int = 16, **options: object) -> np.ndarray:
    return decode(encode(image, kind, **options), "image", size)


def scene(width: int, height: int) -> Image.Image:
    """Smooth in colour, different in all four corners, the red one at the top left."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    pixels = np.stack([(1 - x) * (1 - y), x, y], axis=2)
    return Image.fromarray((255 * pixels).round().astype(np.uint8))


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and has no pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 1000) + b"IDAT"


def png(bits: int, colour_type: int, width: int, row: bytes, clear: bytes) -> bytes:
    """A PNG of one row, with a transparent colour: Pillow itself writes none of 2, 4 or 16 bits."""
    header = struct.pack(">IIBBBBB", width, 1, bits, colour_type, 0, 0, 0)
    parts = {b"IHDR": header, b"tRNS": clear, b"IDAT": zlib.compress(row), b"IEND": b""}
    chunks = [
        struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part))
        for name, part in parts.items()
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def grey_png(bits: int, pixels: list[int], clear: int) -> bytes:
    packed = sum(pixel << (bits * (len(pixels) - 1 - place)) for place, pixel in enumerate(pixels))
    used = bits * len(pixels)
    row = (packed << (-used % 8)).to_bytes((used + 7) // 8, "big")
    return png(bits, 0, len(pixels), b"\0" + row, struct.pack(">H", clear))


def grey_tiff(bits: int, sample_format: int, samples: bytes) -> bytes:
    """A TIFF of 8 × 8 grey samples: Pillow itself writes none of 12 bits, and none signed of 8 or 16."""
    values = {256: 8, 257: 8, 258: bits, 259: 1, 262: 1, 277: 1, 278: 8, 339: sample_format}
    wide = {273: 8 + 2 + 12 * 10 + 4, 279: len(samples)}
    entries = {tag: struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in values.items()}
    entries |= {tag: struct.pack("<HHII", tag, 4, 1, value) for tag, value in wide.items()}
    directory = b"".join(entries[tag] for tag in sorted(entries))
    return b"II" + struct.pack("<HIH", 42, 8, len(entries)) + directory + bytes(4) + samples


class TestKinds:
    """One flat colour in every kind of file."""

    colour = (200, 100, 40)

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
    def test_rgb(self, kind):
        flat = decoded(Image.new("RGB", (40, 40), self.colour), kind)
        assert flat.shape == (16, 16, 3)
        assert flat.dtype == np.uint8
        assert np.abs(flat.astype(int) - self.colour).max() <= 4  # JPEG and WebP round

    @pytest.mark.parametrize("kind", ["PNG", "GIF", "TIFF"])
    def test_palette(self, kind):
        flat = decoded(
            Image.new("RGB", (40, 40), self.colour).convert("P", palette=Image.Palette.ADAPTIVE), kind
        )
        assert (flat == self.colour).all()

    def test_a_palette_is_resized_in_colour_not_in_numbers(self):
        image = Image.new("P", (2, 1))
        image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
        image.putdata([0, 2])  # between red 0 and blue 2 lies green 1
        assert decoded(image, size=8)[2:6, :, 1].max() == 0

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
    def test_grey(self, kind):
        assert np.abs(decoded(Image.new("L", (40, 40), 90), kind).astype(int) - 90).max() <= 2

    def test_black_and_white(self):
        assert (decoded(Image.new("1", (40, 40), 1)) == 255).all()

    @pytest.mark.parametrize("kind", ["PNG", "TIFF"])
    @pytest.mark.parametrize(("value", "expected"), [(0, 0), (0x8000, 0x80), (0xFFFF, 255)])
    def test_sixteen_bits(self, kind, value, expected):
        image = Image.fromarray(np.full((40, 40), value, dtype=np.uint16))
        assert (decoded(image, kind) == expected).all()

    def test_cmyk(self):
        cyan = decoded(Image.new("CMYK", (40, 40), (255, 0, 0, 0)), "JPEG")
        assert np.abs(cyan.astype(int) - (0, 255, 255)).max() <= 4

    def test_first_frame_of_an_animation(self):
        frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
        assert (decoded(frames[0], "GIF", save_all=True, append_images=frames[1:]) == (255, 0, 0)).all()

    @pytest.mark.parametrize("pixels", [np.float32(0.5), np.int32(1 << 20), np.int32(-1)])
    def test_refuses_pixels_without_a_known_range(self, pixels):
        with pytest.raises(InputError, match="a broken image"):
            decoded(Image.fromarray(np.full((40, 40), pixels)), "TIFF")

    @pytest.mark.parametrize(
        ("bits", "sample_format", "sample"),
        [(8, 2, "<i1"), (16, 2, "<i2"), (32, 2, "<i4")],
    )
    def test_signed_samples_are_read_from_zero_up(self, bits, sample_format, sample):
        small = 0x40 if bits == 8 else 0x4000
        at_work = grey_tiff(bits, sample_format, np.full(64, small, sample).tobytes())
        assert (decode(at_work, "image", 8) == 0x40).all()
        below = grey_tiff(bits, sample_format, np.full(64, -5, sample).tobytes())
        with pytest.raises(InputError, match="grey values below zero"):
            decode(below, "image", 8)

    def test_unsigned_samples_past_sixteen_bits_are_not_called_negative(self):
        with pytest.raises(InputError, match="grey values of more than 16 bits"):
            decode(grey_tiff(32, 1, np.full(64, 1 << 31, "<u4").tobytes()), "image", 8)

    def test_twelve_bits_reach_from_black_to_white(self):
        two_samples = bytes.fromhex("800800")  # 0x800 twice
        assert (decode(grey_tiff(12, 1, 32 * two_samples), "image", 8) == 0x80).all()


class TestTransparency:
    @pytest.mark.parametrize("kind", ["PNG", "WEBP"])
    def test_is_white(self, kind):
        assert (decoded(Image.new("RGBA", (40, 40), (200, 0, 0, 0)), kind) == 255).all()

    def test_half_is_mixed_with_white(self):
        mixed = decoded(Image.new("RGBA", (40, 40), (0, 0, 0, 128)))
        assert np.abs(mixed.astype(int) - 127).max() <= 1

    def test_of_grey(self):
        assert (decoded(Image.new("LA", (40, 40), (0, 0))) == 255).all()

    def test_of_one_palette_colour(self):
        image = Image.new("P", (40, 40), 0)
        image.putpalette([200, 0, 0])
        assert (decoded(image, transparency=0) == 255).all()

    def test_of_one_rgb_colour(self):
        assert (decoded(Image.new("RGB", (40, 40), (9, 8, 7)), transparency=(9, 8, 7)) == 255).all()

    @pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
    def test_of_one_grey_in_every_depth(self, bits):
        most = (1 << bits) - 1
        clear, seen = most - 1, most  # the colour that is transparent is dark in one bit, almost white in 16
        dark = 0 if bits > 1 else seen
        row = decode(grey_png(bits, [clear] * 4 + [dark] * 4, clear), "image", 8)[3, :, 0].tolist()
        assert row == [255] * 4 + [0 if bits > 1 else 255] * 4
        opaque = decode(grey_png(bits, [clear] * 8, most), "image", 8)
        assert (opaque[3] == (clear >> 8 if bits == 16 else clear * 255 // most)).all()

    def test_of_one_grey_of_sixteen_bits_and_no_other(self):
        data = grey_png(16, [0x1234] * 4 + [0x1235] * 4, 0x1234)  # the same in eight bits
        assert decode(data, "image", 8)[3, :, 0].tolist() == [255] * 4 + [0x12] * 4

    def test_of_one_rgb_colour_of_sixteen_bits(self):
        clear, other = struct.pack(">3H", 0x9080, 0x1234, 7), struct.pack(">3H", 0x1080, 0x1234, 7)
        row = decode(png(16, 2, 8, b"\0" + clear * 4 + other * 4, clear), "image", 8)[3].tolist()
        assert row == [[255, 255, 255]] * 4 + [[0x10, 0x12, 0]] * 4

    @pytest.mark.parametrize("sample", range(3))
    def test_of_one_rgb_colour_of_sixteen_bits_and_no_other(self, sample):
        clear = [0x9080, 0x1234, 7]
        other = [value + (place == sample) for place, value in enumerate(clear)]  # the same in eight bits
        row = b"\0" + struct.pack(">24H", *clear * 4, *other * 4)
        seen = decode(png(16, 2, 8, row, struct.pack(">3H", *clear)), "image", 8)[3].tolist()
        assert seen == [[255, 255, 255]] * 4 + [[0x90, 0x12, 0]] * 4

    def test_leaves_no_fringe(self):
        image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))  # black where it cannot be seen
        image.paste((255, 0, 0, 255), (0, 0, 32, 64))
        red, green, blue = np.moveaxis(decoded(image, size=8), 2, 0)
        assert red.min() == 255
        assert (green == blue).all()


class TestShape:
    @pytest.mark.parametrize(("width", "height"), [(400, 533), (533, 400), (10, 64), (7, 5)])
    def test_the_whole_picture_stands_in_the_middle_on_white(self, width, height):
        black = decoded(Image.new("RGB", (width, height)), size=64)[:, :, 0]
        rows, columns = np.nonzero(black == 0)
        shown = columns.max() - columns.min() + 1, rows.max() - rows.min() + 1
        assert shown == (round(64 * width / max(width, height)), round(64 * height / max(width, height)))
        assert abs(columns.min() + columns.max() - 63) <= 1
        assert abs(rows.min() + rows.max() - 63) <= 1
        assert set(np.unique(black)) <= {0, 255}

    @pytest.mark.parametrize("side", [(1, 3000), (3000, 1), (1, 1)])
    def test_a_sliver_keeps_a_pixel(self, side):
        assert (decoded(Image.new("RGB", side)) == 0).any()

    def test_is_writable(self):
        decoded(scene(40, 40))[0] = 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    ("orientation", "undo"),
    [
        (1, lambda a: a),
        (2, lambda a: a[:, ::-1]),
        (3, lambda a: a[::-1, ::-1]),
        (4, lambda a: a[::-1]),
        (5, lambda a: a.swapaxes(0, 1)),
        (6, lambda a: np.rot90(a, -1)),
        (7, lambda a: a[::-1, ::-1].swapaxes(0, 1)),
        (8, lambda a: np.rot90(a)),
    ],
)
def test_exif_rotation(kind, orientation, undo):
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = decoded(scene(96, 48), kind, 32, exif=exif).astype(int)
    upright = decode(encode(scene(96, 48), kind), "image", 32).astype(int)
    assert np.abs(turned - undo(upright)).mean() < 2


@pytest.mark.parametrize("size", [32, 64, 128])
def test_the_fast_jpeg_scale_is_not_seen(clothing_photos, size):
    for path in sorted((clothing_photos / "test").rglob("*.jpg"))[::20]:
        with Image.open(path) as image:
            image.load()  # every pixel, before anything could be scaled
            whole = image.copy()
        slow = decoded(whole, "BMP", size).astype(int)
        fast = decode(path.read_bytes(), path.name, size).astype(int)
        assert np.abs(fast - slow).mean() < 2.5, path.name


class TestBroken:
    @pytest.mark.parametrize(
        "data", [b"", b"\0", b"not an image", b"<svg/>", b"%!PS-Adobe-3.0 EPSF-3.0\n", bytes(500)]
    )
    def test_not_an_image(self, data):
        with pytest.raises(InputError, match=r"^shoes/17\.jpg: found .* expected") as caught:
            decode(data, "shoes/17.jpg", 16)
        assert "\n" not in str(caught.value)

    def test_what_begins_as_nothing_known_is_no_image_with_any_pillow(self):
        with pytest.raises(InputError, match="found no image, expected a whole JPEG"):
            decode(b"not an image", "image", 16)
        Image.init()
        assert set(_FORMATS) <= set(Image.OPEN)

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
    def test_cut_in_half(self, kind):
        data = encode(scene(200, 200), kind)
        with pytest.raises(InputError, match=r"^image: found a broken image"):
            decode(data[: len(data) // 2], "image", 16)

    @given(st.data())
    def test_broken_anywhere_is_refused_or_read_but_never_crashes(self, data):
        kind = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"]))
        whole = bytearray(encode(scene(24, 20), kind))
        for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=6)):
            whole[place] = data.draw(st.integers(0, 255))
        cut = data.draw(st.integers(0, len(whole)))
        try:
            square = decode(bytes(whole[:cut]), "image", 8)
        except InputError:
            return
        assert square.shape == (8, 8, 3)

    @pytest.mark.parametrize(
        "side", [9_000, 12_000, 60_000]
    )  # below, above Pillow's warning; above its error
    def test_decompression_bomb(self, side):
        assert side**2 > MAX_PIXELS
        with pytest.raises(
            InputError, match=rf"found {side**2:,} pixels, expected at most 67,108,864 pixels"
        ):
            decode(png_header(side, side), "image", 16)

    def test_a_large_photograph_is_no_bomb(self):
        assert decoded(Image.new("1", (8192, 8192)), size=8).max() == 0
