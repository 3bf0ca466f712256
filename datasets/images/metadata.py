"""What of an image file is not its pixels: left aside, but for the way the picture is turned.

Metadata comes from cameras, editors and phones, and much of it is broken: tags of the wrong type, profiles
that are none, texts of megabytes. A reader that parses it refuses whole pictures. So JPEG, PNG, WebP and
TIFF files are freed of it before they are decoded, and one number of it is read: the orientation.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Bared", "bare", "exif_orientation", "xmp_orientation"]

_PNG = b"\x89PNG\r\n\x1a\n"
_WEBP_PIXELS = (b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF")
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_EXIF = b"Exif\0\0"
_XMP_JPEG = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_PNG = b"XML:com.adobe.xmp\0"
_EXIF_IN_TEXT = b"Raw profile type exif\0"
_XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')

_ORIENTATION = 0x0112
_XMP_TAG = 700
_INTEGER_FORMATS = {1: "B", 3: "H", 4: "I"}
"""TIFF's types BYTE, SHORT and LONG."""

_MOST_TEXT = 1 << 20
"""Bytes of a packed text that are looked at; an orientation stands at the beginning."""

_PIXEL_TAGS = {
    *(256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323, 324, 325, 332),
    *(338, 339, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532, 50674),
}
"""TIFF tags that say where the pixels lie, how they are packed and what their numbers mean."""


@dataclass(frozen=True)
class Bared:
    """An image file without its metadata.

    Attributes:
        data: The file; as it came where it is of another kind, or broken where it should be read.
        orientation: 1 … 8, as in EXIF; None where the file is of a kind that was not looked into.
    """

    data: bytes
    orientation: int | None


def bare(data: bytes) -> Bared:
    """Free a JPEG, PNG, WebP or TIFF of its metadata. Never fails: what is broken stays for the decoder.

    Args:
        data: The bytes of an image file.

    Example:
        >>> bare(b"GIF89a")
        Bared(data=b'GIF89a', orientation=None)
    """
    try:
        if data.startswith(b"\xff\xd8"):
            return _bare_jpeg(data)
        if data.startswith(_PNG):
            return _bare_png(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _bare_webp(data)
        if data[:4] in _TIFF:
            return _bare_tiff(data)
    except struct.error:
        pass  # cut short where its structure is told
    return Bared(data, None)


def exif_orientation(exif: bytes) -> int:
    """The orientation in an EXIF block, 1 (upright) where there is none that makes sense.

    Example:
        >>> tag = bytes.fromhex("1201 0300 01000000 06000000")
        >>> exif_orientation(_EXIF + b"II*" + bytes.fromhex("00 08000000 0100") + tag)
        6
    """
    while exif.startswith(_EXIF):
        exif = exif[len(_EXIF) :]
    try:
        return _TagList.of(exif).orientation()
    except (struct.error, LookupError):  # a block cut short, or none
        return 1


def xmp_orientation(xmp: bytes) -> int:
    """The orientation in an XMP packet, 1 where there is none.

    Example:
        >>> xmp_orientation(b'<rdf:Description tiff:Orientation="3"/>'), xmp_orientation(b"")
        (3, 1)
    """
    found = _XMP_ORIENTATION.search(xmp)
    return int(found[1]) if found else 1


def _orientation(exif: bytes, xmp: bytes) -> int:
    return _orientation_or_xmp(exif_orientation(exif), xmp)


def _orientation_or_xmp(orientation: int, xmp: bytes) -> int:
    """EXIF goes before XMP."""
    return xmp_orientation(xmp) if orientation == 1 else orientation


def _bare_jpeg(data: bytes) -> Bared:
    """Without the application segments and comments, but for those two that tell the colour space."""
    kept, exif, xmp = [data[:2]], b"", b""
    place = 2
    while True:
        start = place
        place = data.find(b"\xff", start)
        while data[place : place + 2] == b"\xff\xff":
            place += 1
        marker = data[place + 1 : place + 2]
        if place < 0 or not marker or marker in b"\xd9\xda":  # the end, or the pixels
            break
        if marker == b"\0" or b"\xd0" <= marker <= b"\xd8" or marker == b"\x01":  # stands alone
            place += 2
            kept.append(data[start:place])
            continue
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        end = place + 2 + length
        if length < 2 or end > len(data):
            break
        content = data[place + 4 : end]
        if not (b"\xe0" <= marker <= b"\xef" or marker == b"\xfe") or _tells_colours(marker, content):
            kept.append(data[start:end])
        elif marker == b"\xe1" and content.startswith(_EXIF):
            exif += content[len(_EXIF) :] if exif else content  # a large block comes in several segments
        elif marker == b"\xe1" and content.startswith(_XMP_JPEG):
            xmp = content
        place = end
        start = place
    kept.append(data[start:])
    return Bared(b"".join(kept), _orientation(exif, xmp))


def _tells_colours(marker: bytes, content: bytes) -> bool:
    """Whether libjpeg takes the segment for a sound JFIF or Adobe header."""
    jfif = marker == b"\xe0" and content.startswith(b"JFIF\0") and len(content) >= 14
    return jfif or (marker == b"\xee" and content.startswith(b"Adobe") and len(content) >= 12)


def _bare_png(data: bytes) -> Bared:
    """With the critical chunks (a capital letter first) and tRNS alone."""
    kept, exif, xmp = [_PNG], b"", b""
    place = len(_PNG)
    while place + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        if not name.isalpha():
            kept.append(data[place:])  # lost: the decoder shall say it
            break
        end = place + 12 + length
        content = data[place + 8 : end - 4]
        if name[:1].isupper() or name == b"tRNS":
            kept.append(data[place:end])
        elif name == b"eXIf":
            exif = content
        elif name in (b"tEXt", b"zTXt") and content.startswith(_EXIF_IN_TEXT):
            exif = exif or _exif_of_text(content[len(_EXIF_IN_TEXT) :], packed=name == b"zTXt")
        elif name == b"iTXt" and content.startswith(_XMP_PNG):
            xmp = _international_text(content[len(_XMP_PNG) :])
        if name == b"IEND":
            break
        place = end
    return Bared(b"".join(kept), _orientation(exif, xmp))


def _exif_of_text(content: bytes, *, packed: bool) -> bytes:
    """The EXIF block that ImageMagick writes as text: a name, a length, hex digits, over several lines."""
    lines = (_unpacked(content[1:]) if packed else content).split(b"\n")[3:]
    try:
        return bytes.fromhex(b"".join(lines).decode("ascii"))
    except ValueError:
        return b""


def _international_text(content: bytes) -> bytes:
    """The text of an iTXt chunk after its keyword: flag, method, language, translated keyword, text."""
    text = content[2:].split(b"\0", 2)[-1]
    return _unpacked(text) if content[:1] == b"\x01" else text


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, _MOST_TEXT)
    except zlib.error:
        return b""


def _bare_webp(data: bytes) -> Bared:
    """With the chunks that hold pixels, and a header that speaks of no others."""
    kept: list[bytes] = []
    exif = xmp = b""
    for name, chunk in _webp_chunks(data):
        if name == b"EXIF":
            exif = chunk[8:]
        elif name == b"XMP ":
            xmp = chunk[8:]
        elif name == b"VP8X" and len(chunk) > 8:
            kept.append(chunk[:8] + bytes([chunk[8] & ~0x2C]) + chunk[9:])
        elif name in _WEBP_PIXELS:
            kept.append(chunk)
    body = b"WEBP" + b"".join(kept)
    return Bared(b"RIFF" + struct.pack("<I", len(body)) + body, _orientation(exif, xmp))


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and bytes of each chunk, its header and padding included; the last may be cut short."""
    place = 12
    while place < len(data):
        length = int.from_bytes(data[place + 4 : place + 8], "little")
        end = place + 8 + length + length % 2
        yield data[place : place + 4], data[place:end]
        place = end


def _bare_tiff(data: bytes) -> Bared:
    """With the tags of the first picture that concern its pixels, and no other picture.

    The list of tags is shortened where it stands, so that what it points to stays where it is.
    """
    tags = _TagList.of(data)
    kept = b"".join(data[place : place + tags.step] for place, tag in tags if tag in _PIXEL_TAGS)
    shorter = struct.pack(tags.order + tags.word, len(kept) // tags.step) + kept + bytes(tags.pointer)
    bared = data[: tags.start] + shorter + data[tags.start + len(shorter) :]
    return Bared(bared, _orientation_or_xmp(tags.orientation(), tags.xmp()))


@dataclass(frozen=True)
class _TagList:
    """The first list of tags of a TIFF, or of the TIFF that an EXIF block is.

    Attributes:
        data: The TIFF.
        order: Its byte order, as `struct` writes it.
        start: Where the list begins: the number of entries, then the entries.
        word: Format of that number.
        step: Bytes of an entry.
        pointer: Bytes of the value, or of the pointer to it, at the end of an entry.
    """

    data: bytes
    order: str
    start: int
    word: str
    step: int
    pointer: int

    @classmethod
    def of(cls, data: bytes) -> _TagList:
        """Find the list.

        Raises:
            struct.error: If the TIFF is cut short.
            LookupError: If there is none.
        """
        order = {b"II": "<", b"MM": ">"}[data[:2]]
        (version,) = struct.unpack_from(f"{order}H", data, 2)
        if version == 43:  # a BigTIFF
            return cls(data, order, struct.unpack_from(f"{order}Q", data, 8)[0], "Q", 20, 8)
        return cls(data, order, struct.unpack_from(f"{order}I", data, 4)[0], "H", 12, 4)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Place and tag of each entry."""
        (count,) = struct.unpack_from(self.order + self.word, self.data, self.start)
        first = self.start + struct.calcsize(self.order + self.word)
        count = min(count, (len(self.data) - first) // self.step)
        for place in range(first, first + count * self.step, self.step):
            yield place, struct.unpack_from(f"{self.order}H{self.step - 2}x", self.data, place)[0]

    def orientation(self) -> int:
        """The orientation, 1 where there is none that makes sense."""
        for place, tag in self:
            (kind,) = struct.unpack_from(f"{self.order}H", self.data, place + 2)
            if tag == _ORIENTATION and kind in _INTEGER_FORMATS:
                value_at = place + self.step - self.pointer
                (value,) = struct.unpack_from(self.order + _INTEGER_FORMATS[kind], self.data, value_at)
                return value if 1 <= value <= 8 else 1
        return 1

    def xmp(self) -> bytes:
        """The XMP packet, empty where there is none."""
        number = "Q" if self.pointer == 8 else "I"
        for place, tag in self:
            if tag == _XMP_TAG:
                count, where = struct.unpack_from(f"{self.order}{number * 2}", self.data, place + 4)
                return self.data[where : where + count]
        return b""
