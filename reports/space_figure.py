"""The user–outfit space drawn: users as crosses, outfits as the pictures of their items (paper, Fig. 8)."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from .figure import new_figure, render, styled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from ..suites.records import SpacePoint, SpaceRecord

__all__ = ["DASHED", "space_figure"]

_HEIGHT = 7.4
"""Inches."""

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
"""Of the users."""

_NEGATIVE = "#000000"

DASHED = (0, (3, 1.5))
"""The border of a false negative."""

_PICTURE = 13.0
"""Points of a picture's side."""

_KEY = {
    "user": "user",
    "positive": "positive of the training set",
    "held-out": "positive of the test set",
    "negative": "sampled negative",
    "false": "sampled negative with d < 0",
}


def space_figure(record: SpaceRecord, name: str) -> dict[str, bytes]:
    """Draw it.

    A border has the colour of the user whose positive the outfit is, and is black for a negative. It is
    dashed for what is no true negative: a positive of the test set, and a negative whose d is below zero.

    Args:
        record: The layout.
        name: Of the files, without suffix.

    Returns:
        File contents by name.
    """
    colours = dict(zip(sorted(record.users), _COLOURS, strict=False))
    pictures = _pictures(record)
    with styled():
        figure = new_figure(_HEIGHT)
        axes = figure.add_axes((0.01, 0.06, 0.98, 0.93))
        axes.set_xticks([])
        axes.set_yticks([])
        for point in sorted(record.points, key=lambda point: point.kind != "negative"):  # these lie below
            _draw_outfit(axes, point, colours[point.user], pictures)
        for user, (x, y) in record.users.items():
            axes.plot(
                [x],
                [y],
                marker="X",
                markersize=15,
                markerfacecolor=colours[user],
                markeredgecolor="white",
                markeredgewidth=1.5,
                zorder=10,
            )
        _set_limits(axes, record)
        _add_key(axes, colours)
        return render(figure, name)


def _pictures(record: SpaceRecord) -> Mapping[int, NDArray[np.uint8]]:
    """Each item's picture, uint8 (size, size, 3); a grey one where there are none."""
    size = record.picture_size
    if record.pictures is None:
        return dict.fromkeys(record.items, np.full((size, size, 3), 200, dtype=np.uint8))
    from PIL import Image

    sheet = np.asarray(Image.open(BytesIO(base64.b64decode(record.pictures))).convert("RGB"))
    across = sheet.shape[1] // size
    places = [divmod(place, across) for place in range(len(record.items))]
    return {
        item: sheet[row * size : (row + 1) * size, column * size : (column + 1) * size]
        for item, (row, column) in zip(record.items, places, strict=True)
    }


def _draw_outfit(
    axes: Axes, point: SpacePoint, colour: str, pictures: Mapping[int, NDArray[np.uint8]]
) -> None:
    """The items of an outfit side by side, in its border."""
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    strip = np.concatenate([pictures[item] for item in point.items], axis=1)
    negative = point.kind == "negative"
    box = AnnotationBbox(
        OffsetImage(strip, zoom=_PICTURE / len(strip)),
        (point.x, point.y),
        pad=0.12,
        bboxprops={
            "edgecolor": _NEGATIVE if negative else colour,
            "linewidth": 1.2 if negative else 2.0,
            "linestyle": DASHED if point.kind == "held-out" or (negative and point.distance < 0) else "-",
        },
    )
    axes.add_artist(box)


def _set_limits(axes: Axes, record: SpaceRecord) -> None:
    """Room for the outfits at the edges."""
    places = np.array([*record.users.values(), *((point.x, point.y) for point in record.points)])
    low, high = places.min(axis=0), places.max(axis=0)
    room = 0.06 * np.maximum(high - low, 1e-3)
    axes.set_xlim(low[0] - room[0], high[0] + room[0])
    axes.set_ylim(low[1] - room[1], high[1] + room[1])


def _add_key(axes: Axes, colours: Mapping[int, str]) -> None:
    """What marks and borders mean, below the figure."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    first = next(iter(colours.values()))
    cross = Line2D([], [], marker="X", color=first, markersize=9, linestyle="none")
    border = {"facecolor": "white", "linewidth": 1.8}
    handles = [
        cross,
        Patch(edgecolor=first, **border),
        Patch(edgecolor=first, linestyle=DASHED, **border),
        Patch(edgecolor=_NEGATIVE, **border),
        Patch(edgecolor=_NEGATIVE, linestyle=DASHED, **border),
    ]
    axes.legend(
        handles,
        list(_KEY.values()),
        loc="upper center",
        bbox_to_anchor=(0.5, -0.005),
        ncols=len(handles),
        frameon=False,
        fontsize=8.5,
        handlelength=1.6,
    )
