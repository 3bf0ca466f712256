"""What all figures share: size, colours, and files whose bytes depend on nothing but what is drawn.

Figures are built with matplotlib's objects on the Agg canvas; pyplot and its global state are not used.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["LABEL_GROUND", "PAGE_WIDTH", "Style", "bare_axes", "new_figure", "render", "style_of", "styled"]

PAGE_WIDTH = 9.6
"""Inches; at 100 dots an inch the width of a README column on screen, so that text keeps its size."""

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Okabe and Ito's palette, told apart by colour-blind readers; its yellow is too light on white."""
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_INK = "#333333"


LABEL_GROUND = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
"""Behind a label, so that no line runs through it."""


@dataclass(frozen=True)
class Style:
    """How one row looks in every figure of a page."""

    colour: str
    marker: str

    @property
    def ink(self) -> str:
        """The colour darkened until small type in it reads well on white."""
        from matplotlib.colors import to_hex, to_rgb

        red, green, blue = to_rgb(self.colour)
        return to_hex((0.65 * red, 0.65 * green, 0.65 * blue))


def style_of(index: int) -> Style:
    """Colour and marker of the row at `index`; 49 rows differ in one or the other.

    Example:
        >>> style_of(0) == style_of(7)
        False
    """
    turn = index // len(_COLOURS)
    return Style(_COLOURS[index % len(_COLOURS)], _MARKERS[(index + turn) % len(_MARKERS)])


@contextmanager
def styled() -> Iterator[None]:
    """Draw with the page's settings and leave matplotlib's own as they were."""
    import matplotlib

    settings: dict[Any, Any] = {
        "font.family": "DejaVu Sans",  # comes with matplotlib: the same glyphs on every machine
        "font.size": 9.5,
        "text.color": _INK,
        "axes.edgecolor": "#888888",
        "axes.labelcolor": _INK,
        "xtick.color": _INK,
        "ytick.color": _INK,
        "svg.hashsalt": "outfitbench",
        "svg.fonttype": "path",
    }
    with matplotlib.rc_context(settings):
        yield


def new_figure(height: float, panels: int = 1, *, share_y: bool = False) -> tuple[Figure, Sequence[Axes]]:
    """An empty figure of the page's width, its panels side by side."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(PAGE_WIDTH, height), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, panels, sharey=share_y, squeeze=False)[0]
    return figure, list(axes)


def bare_axes(axes: Axes) -> None:
    """Leave the two axes that are read, with a light grid behind the data."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(visible=True, color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)


def render(figure: Figure, name: str) -> dict[str, bytes]:
    """The figure's files by name: `name`.svg and `name`.png, without dates or software versions."""
    files = {}
    for suffix, metadata in (("svg", {"Date": None, "Creator": None}), ("png", {"Software": None})):
        buffer = BytesIO()
        figure.savefig(buffer, format=suffix, metadata=metadata, dpi=200, facecolor="white")
        files[f"{name}.{suffix}"] = buffer.getvalue()
    return files
