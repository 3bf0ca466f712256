"""What all figures share: size, colours, and files whose bytes depend on nothing but what is drawn.

Figures are built with matplotlib's objects on the Agg canvas; pyplot, its backends and its global state are
not used, and neither are the settings of whoever runs it.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import chdir, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "LABEL_GROUND",
    "PAGE_WIDTH",
    "Style",
    "bare_axes",
    "colour_of",
    "drawable",
    "new_figure",
    "render",
    "style_of",
    "styled",
]

PAGE_WIDTH = 9.6
"""Inches; at 100 dots an inch the width of a README column on screen, so that text keeps its size."""

_COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000"),
    *("#003050", "#7A3000", "#005C3F", "#96396C"),
)
"""Okabe and Ito's palette without its yellow, too light on white, and the shades of four of its hues; told
apart by colour-blind readers (tests). A new colour would change what methods have in old reports."""
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h", "*", "d")
_MARKER_USE = b"marker1188"
"""Chosen so that no two methods of the package share both colour and marker."""
_INK = "#333333"
_FONT = "DejaVu Sans"
"""Comes with matplotlib: the same glyphs on every machine."""
_NO_GLYPH = "□"


LABEL_GROUND = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
"""Behind a label, so that no line runs through it."""


@dataclass(frozen=True)
class Style:
    """How one row looks in every figure."""

    colour: str
    marker: str

    @property
    def ink(self) -> str:
        """The colour darkened until small type in it reads well on white."""
        from matplotlib.colors import to_hex, to_rgb

        red, green, blue = to_rgb(self.colour)
        return to_hex((0.65 * red, 0.65 * green, 0.65 * blue))


def _hashed(name: str, use: bytes) -> int:
    """A number of the name alone, another for each use, so that the marker does not follow the colour."""
    hashed = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8, person=use)
    return int.from_bytes(hashed.digest(), "big")


def colour_of(name: str) -> str:
    """A method's colour, in every figure of every report: the hash of its name picks one of a fixed palette.

    Methods may share one; markers (`style_of`) and labels tell them apart.

    Example:
        >>> colour_of("FND XS") == colour_of("FND XS")
        True
    """
    return _COLOURS[_hashed(name, b"colour") % len(_COLOURS)]


def style_of(name: str) -> Style:
    """A method's looks, in every figure of every report: colour and marker by the hash of its name alone.

    Those that come with the package are all told apart (tests); two strangers may look alike, and are then
    told apart by their labels.

    Example:
        >>> style_of("FND XS") == style_of("FND XS")
        True
    """
    return Style(colour_of(name), _MARKERS[_hashed(name, _MARKER_USE) % len(_MARKERS)])


def drawable(name: str) -> str:
    """A name as a figure shows it: one line, with a box for each character that the font has no glyph for.

    Another font would be of this machine, and the same records would no longer give the same bytes.

    Example:
        >>> drawable("FND α"), drawable("FND 法")
        ('FND α', 'FND □')
    """
    glyphs = _glyphs()
    return "".join(c if c == " " or ord(c) in glyphs else _NO_GLYPH for c in " ".join(name.split()))


@cache
def _glyphs() -> frozenset[int]:
    """The characters that the font draws, without those that are seen by their effect alone."""
    _load_matplotlib()
    from matplotlib.font_manager import findfont, get_font

    return frozenset(code for code in get_font(findfont(_FONT)).get_charmap() if chr(code).isprintable())


def _load_matplotlib() -> None:
    """Import matplotlib, also where the environment names a backend or settings that it refuses.

    A notebook hands its backend down to every process it starts, whether or not that one can load it. A
    matplotlibrc that is not UTF-8 or may not be read ends the import.
    """
    if "matplotlib" in sys.modules:
        return
    backend = os.environ.pop("MPLBACKEND", None)
    try:
        try:
            import matplotlib
        except (OSError, UnicodeDecodeError):
            for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
                del sys.modules[name]  # what of it was imported is no part of the next try
            with chdir(_own_settings()):  # the folder it looks into first
                import matplotlib
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
    if backend:
        with suppress(ValueError):
            matplotlib.rcParams["backend"] = backend  # as the import would have done, for whoever draws next


def _own_settings() -> Path:
    """The folder of the matplotlibrc that comes with matplotlib."""
    found = find_spec("matplotlib")
    assert found is not None, "it is a dependency"
    return Path(str(found.origin)).with_name("mpl-data")


@contextmanager
def styled() -> Iterator[None]:
    """Draw with the page's settings and no others, and leave matplotlib's own as they were."""
    _load_matplotlib()
    import matplotlib

    settings: dict[Any, Any] = {
        "font.family": _FONT,
        "font.size": 9.5,
        "text.color": _INK,
        "text.parse_math": False,  # a name with dollar signs is a name
        "axes.edgecolor": "#888888",
        "axes.labelcolor": _INK,
        "xtick.color": _INK,
        "ytick.color": _INK,
        "svg.hashsalt": "outfitbench",
        "svg.fonttype": "path",
    }
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        yield


def new_figure(height: float) -> Figure:
    """An empty figure of the page's width; `height` in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(PAGE_WIDTH, height), dpi=100)
    FigureCanvasAgg(figure)
    return figure


def bare_axes(axes: Axes) -> None:
    """Leave the two axes that are read, with a light grid behind the data."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(visible=True, color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)


def render(figure: Figure, name: str) -> dict[str, bytes]:
    """The figure's files by name: `name`.svg and `name`.png, without dates or software versions."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    files = {}
    for suffix, metadata, canvas in (
        ("svg", {"Date": None, "Creator": None}, FigureCanvasSVG),
        ("png", {"Software": None}, FigureCanvasAgg),
    ):
        buffer = BytesIO()
        canvas(figure).print_figure(buffer, format=suffix, metadata=metadata, dpi=200, facecolor="white")
        files[f"{name}.{suffix}"] = buffer.getvalue()
    return files
