"""Metadata of images: the orientation is read, and nothing else of it matters, however broken it is."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from io import BytesIO

import numpy as np
import pytest
from outfitbench.core.errors import InputError
from outfitbench.datasets.images.decode import decode
from PIL import Image

KINDS = ("JPEG", "PNG", "WEBP", "TIFF")
SHORT, LONG, RATIONAL, ASCII = 3, 4, 5, 2
ORIENTATION, DESCRIPTION = 0x0112, 0x010E


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def scene(width: int = 48, height: int = 32) -> Image.Image:
    """Smooth in colour, different in all four corners."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    return Image.fromarray((255 * np.stack([(1 - x) * (1 - y), x, y], axis=2)).round().astype(np.uint8))


def ifd(entries: list[tuple[int, int, int, bytes]], start: int = 8) -> bytes:
    """A little-endian list of tags that lies at `start`, values of more than four bytes after it."""
    values_at, values = start + 2 + 12 * len(entries) + 4, b""
    listed = struct.pack("<H", len(entries))
    for tag, kind, count, value in sorted(entries):
        listed += struct.pack("<HHI", tag, kind, count)
        if len(value) <= 4:
            listed += value.ljust(4, b"\0")
        else:
            listed += struct.pack("<I", values_at + len(values))
            values += value
    return listed + bytes(4) + values


def exif(orientation: int, *more: tuple[int, int, int, bytes]) -> bytes:
    turned = (ORIENTATION, SHORT, 1, struct.pack("<H", orientation))
    return b"II*\0" + struct.pack("<I", 8) + ifd([turned, *more])


ILL_TYPED = (DESCRIPTION, RATIONAL, 1, struct.pack("<II", 7, 3))
"""The description of a picture as a fraction: what some cameras write."""


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def jpeg_segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def with_inserted(whole: bytes, kind: str, extra: bytes) -> tuple[bytes, int]:
    """A file with a chunk put in where metadata stands, and where it was put."""
    place = {"JPEG": 2, "PNG": 33}[kind]
    return whole[:place] + extra + whole[place:], place


def with_exif(kind: str, block: bytes) -> bytes:
    """The scene with an EXIF block of our own, which Pillow has no part in."""
    whole = encode(scene(), kind)
    if kind == "JPEG":
        return with_inserted(whole, kind, jpeg_segment(0xE1, b"Exif\0\0" + block))[0]
    if kind == "PNG":
        return with_inserted(whole, kind, png_chunk(b"eXIf", block))[0]
    return encode(scene(), kind, exif=block)


def with_tags(whole: bytes, entries: list[tuple[int, int, int, bytes]], orientation: int = 1) -> bytes:
    """A TIFF whose list of tags is written anew at its end, with more of them."""
    (start,) = struct.unpack_from("<I", whole, 4)
    (count,) = struct.unpack_from("<H", whole, start)
    old = []
    for place in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, number = struct.unpack_from("<HHI", whole, place)
        size = number * {1: 1, 2: 1, SHORT: 2, LONG: 4, RATIONAL: 8}[kind]
        where = place + 8 if size <= 4 else struct.unpack_from("<I", whole, place + 8)[0]
        old.append((tag, kind, number, whole[where : where + size]))
    named = {tag for tag, *_ in entries} | {ORIENTATION}
    turned = (ORIENTATION, SHORT, 1, struct.pack("<H", orientation))
    end = len(whole) + len(whole) % 2
    listed = ifd([*(entry for entry in old if entry[0] not in named), turned, *entries], end)
    return whole[:4] + struct.pack("<I", end) + whole[8:].ljust(end - 8, b"\0") + listed


@pytest.mark.parametrize("kind", KINDS)
def test_an_ill_typed_tag_beside_an_orientation_harms_nothing(kind):
    if kind == "TIFF":
        dirty = with_tags(encode(scene(), kind), [ILL_TYPED], 6)
    else:
        dirty = with_exif(kind, exif(6, ILL_TYPED))
    turned = decode(dirty, "image", 24)
    upright = decode(encode(scene(), kind), "image", 24)
    assert np.abs(turned.astype(int) - np.rot90(upright, -1)).mean() < 2


@pytest.mark.parametrize(
    "block", [b"", b"no TIFF", b"II*\0", b"II*\0\xff\xff\xff\xff", exif(9), exif(0), exif(6)[:-9]]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_an_exif_block_that_is_none_is_passed_over(kind, block):
    assert (decode(with_exif(kind, block), "image", 24) == decode(encode(scene(), kind), "image", 24)).all()


@pytest.mark.parametrize("packed", [zlib.compress(bytes(3 << 20)), b"never packed"])
@pytest.mark.parametrize(
    ("name", "before"),
    [(b"iCCP", b"profile\0\0"), (b"zTXt", b"Comment\0\0"), (b"iTXt", b"Comment\0\1\0\0\0")],
)
def test_packed_chunks_of_a_png_may_be_huge_or_broken(name, before, packed):
    whole = encode(scene(), "PNG")
    dirty, place = with_inserted(whole, "PNG", png_chunk(name, before + packed))
    assert (decode(dirty, "image", 24) == decode(whole, "image", 24)).all()
    bad_sum = bytearray(dirty)
    bad_sum[place + 12 + len(before + packed) - 1] ^= 1
    assert (decode(bytes(bad_sum), "image", 24) == decode(whole, "image", 24)).all()


@pytest.mark.parametrize(
    "segment",
    [
        jpeg_segment(0xE2, b"MPF\0garbage"),
        jpeg_segment(0xE2, b"ICC_PROFILE\0"),
        jpeg_segment(0xED, b"Photoshop 3.0\x008BIM\x03\xed\xff"),
        jpeg_segment(0xE0, b"JFIF"),
        jpeg_segment(0xEE, b"Adobe"),
        jpeg_segment(0xFE, b"a comment"),
        jpeg_segment(0xE1, b""),
    ],
)
def test_segments_of_a_jpeg_may_be_broken(segment):
    whole = encode(scene(), "JPEG")
    dirty, _ = with_inserted(whole, "JPEG", segment)
    assert (decode(dirty, "image", 24) == decode(whole, "image", 24)).all()


@pytest.mark.parametrize(
    "tag",
    [
        (0x011A, ASCII, 6, b"fine!\0"),  # resolution in words
        (0x8769, LONG, 1, struct.pack("<I", 3)),  # a pointer to EXIF that leads into the header
        (0x8825, ASCII, 2, b"x\0"),  # another, to places, that is none
        (0x02BC, SHORT, 1, b"\1\0"),  # an XMP packet of one number
        (0x0131, 77, 1, b"\1\0\0\0"),  # a type that there is not
    ],
)
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_tags_of_a_tiff_may_be_broken(tag, compression):
    whole = encode(scene(), "TIFF", compression=compression)
    upright, turned = (decode(with_tags(whole, [tag], way), "image", 24) for way in (1, 6))
    assert (upright == decode(whole, "image", 24)).all()
    assert np.abs(turned.astype(int) - np.rot90(upright, -1)).mean() < 2


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_tiff_may_say_that_white_is_zero(bits, compression):
    ramp = np.linspace(0, (1 << bits) - 1, 64).reshape(8, 8).astype(f"uint{bits}")
    whole = encode(Image.fromarray(ramp), "TIFF", compression=compression)
    turned = decode(with_tags(whole, [(0x0106, SHORT, 1, b"\0\0")]), "image", 8)
    assert (turned == 255 - decode(whole, "image", 8)).all()


def test_metadata_cut_off_at_the_end_of_a_webp_is_passed_over():
    whole = encode(scene(), "WEBP", exif=exif(6, (DESCRIPTION, ASCII, 500, b"x" * 500)))
    cut = decode(whole[:-300], "image", 24)
    assert np.abs(cut.astype(int) - np.rot90(decode(encode(scene(), "WEBP"), "image", 24), -1)).mean() < 4


XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


@pytest.mark.parametrize("kind", KINDS)
def test_an_orientation_in_xmp_alone_counts(kind):
    whole = encode(scene(), kind)
    if kind == "JPEG":
        dirty, _ = with_inserted(whole, kind, jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP))
    elif kind == "PNG":
        packed = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP)
        dirty, _ = with_inserted(whole, kind, png_chunk(b"iTXt", packed))
    elif kind == "WEBP":
        dirty = encode(scene(), kind, xmp=XMP)
    else:
        dirty = with_tags(whole, [(700, 1, len(XMP), XMP)])
    turned = decode(dirty, "image", 24).astype(int)
    assert np.abs(turned - np.rot90(decode(whole, "image", 24), -1)).mean() < 2


def test_an_orientation_in_a_text_of_imagemagick_counts():
    block = exif(3)
    text = b"\nexif\n%8d\n%s\n" % (len(block), block.hex().encode())
    whole = encode(scene(), "PNG")
    packed = b"Raw profile type exif\0\0" + zlib.compress(text)
    dirty, _ = with_inserted(whole, "PNG", png_chunk(b"zTXt", packed))
    assert (decode(dirty, "image", 24) == decode(whole, "image", 24)[::-1, ::-1]).all()


NOISY = """
import sys
from io import BytesIO
from pathlib import Path
from outfitbench.core.errors import InputError
from outfitbench.datasets.images.decode import decode
for path in sys.argv[1:]:
    try:
        decode(Path(path).read_bytes(), path, 16)
    except InputError as error:
        print(error)
"""


def test_pillows_own_warnings_and_logs_do_not_reach_the_terminal(tmp_path):
    whole = encode(scene(), "TIFF")
    (start,) = struct.unpack_from("<I", whole, 4)
    place = next(
        place
        for place in range(start + 2, start + 200, 12)
        if struct.unpack_from("<H", whole, place)[0] == 277  # samples a pixel
    )
    many = whole[: place + 8] + struct.pack("<H", 60_000) + whole[place + 10 :]
    palette = Image.new("P", (40, 40))
    files = {
        "many.tif": many,
        "cut.tif": with_tags(whole, [])[:-40],
        "palette.png": encode(palette, "PNG", transparency=bytes(range(200))),
        "bomb.png": b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 12_000, 12_000, 8, 2, 0, 0, 0))
        + png_chunk(b"IDAT", b""),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    paths = [str(tmp_path / name) for name in files]
    said = subprocess.run(
        [sys.executable, "-W", "always", "-c", NOISY, *paths], capture_output=True, text=True, check=True
    )
    assert said.stderr == ""
    assert "many.tif: found" in said.stdout
    assert "bomb.png: found 144,000,000 pixels" in said.stdout


class Picture:
    """A whole picture with something put in, of which it is known where."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.kind = str(rng.choice(["JPEG", "PNG", "WEBP", "TIFF"]))
        mode = str(rng.choice(["RGB", "L"]))
        self.clean = encode(
            scene(int(rng.integers(8, 60)), int(rng.integers(8, 60))).convert(mode), self.kind
        )
        self.dirty, self.places = self.clean, (0, 0)
        junk = rng.bytes(int(rng.integers(0, 200)))
        tags = self._tags(rng)
        block = exif(1, *tags) if rng.random() < 0.7 else junk
        if self.kind == "JPEG":
            names = [
                b"Exif\0\0",
                b"ICC_PROFILE\0",
                b"MPF\0",
                b"Photoshop 3.0\x008BIM",
                b"JFIF",
                b"Adobe",
                b"",
            ]
            name = names[rng.integers(len(names))]
            content = name + (block if name == b"Exif\0\0" else junk[: 4 if name else 200])
            self._insert(jpeg_segment(int(rng.choice([0xE0, 0xE1, 0xE2, 0xED, 0xFE])), content))
        elif self.kind == "PNG":
            names = [b"eXIf", b"iCCP", b"zTXt", b"iTXt", b"tEXt", b"gAMA", b"pHYs", b"cHRM", b"sRGB", b"prVt"]
            name = names[rng.integers(len(names))]
            chunk = bytearray(png_chunk(name, block if name == b"eXIf" else b"key\0" + junk))
            if rng.random() < 0.3:
                chunk[-1] ^= 255
            self._insert(bytes(chunk))
        elif self.kind == "WEBP":
            chunk = [b"EXIF", b"XMP ", b"junk"][rng.integers(3)] + struct.pack("<I", len(block)) + block
            chunk += bytes(len(block) % 2)
            self.dirty = self.clean[:4] + struct.pack("<I", len(self.clean) - 8 + len(chunk)) + self.clean[8:]
            self.dirty += chunk
            self.places = len(self.clean), len(self.dirty)
        else:
            self.dirty = with_tags(self.clean, tags)
            self.places = len(self.clean), len(self.dirty)

    def _tags(self, rng: np.random.Generator) -> list[tuple[int, int, int, bytes]]:
        numbers = rng.choice(
            [270, 271, 282, 283, 296, 305, 306, 315, 700, 34665, 34853, 33432, 40000], 3, False
        )
        return [
            (
                int(tag),
                int(rng.integers(0, 14)),
                int(rng.integers(0, 40)),
                rng.bytes(int(rng.integers(0, 40))),
            )
            for tag in numbers
        ]

    def _insert(self, extra: bytes) -> None:
        self.dirty, place = with_inserted(self.clean, self.kind, extra)
        self.places = place, place + len(extra)

    def cut(self, length: int) -> tuple[bytes, bytes]:
        """Both files cut short at the same pixel."""
        first, last = self.places
        return self.dirty[:length], self.clean[
            : length if length < first else max(first, length - last + first)
        ]


def pillow_reads(data: bytes) -> bool:
    try:
        with Image.open(BytesIO(data)) as image:
            image.load()
    except Exception:  # whatever it is that Pillow says
        return False
    return True


def decoded_or_refused(data: bytes) -> bool:
    """Whether it could be decoded; anything but a picture or one line is an error."""
    try:
        square = decode(data, "image", 16)
    except InputError:
        return False
    return square.shape == (16, 16, 3)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("seed", range(500))
def test_no_picture_is_refused_for_what_is_not_its_pixels(seed):
    rng = np.random.default_rng(seed)
    picture = Picture(rng)
    expected = decode(picture.clean, "image", 16)
    np.testing.assert_array_equal(decode(picture.dirty, "image", 16), expected)

    dirty, clean = picture.cut(int(rng.integers(0, len(picture.dirty))))
    listed_at_the_end = picture.kind == "TIFF"  # without its list of tags there is no picture
    assert decoded_or_refused(dirty) or listed_at_the_end or not pillow_reads(clean)

    harmed = bytearray(picture.dirty)
    for place in rng.integers(0, len(harmed), int(rng.integers(1, 8))):
        harmed[place] = rng.integers(256)
    decoded_or_refused(bytes(harmed))
