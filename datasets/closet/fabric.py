"""Patterns woven from two colours, in whole-number arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["WEAVES", "weave"]

Grid = NDArray[np.int32]
Weave = Callable[[Grid, Grid, int], Grid]
"""Share of the second colour, 0 … 255, at each x and y, for a pattern that repeats every `period` pixels."""


def _plain(x: Grid, y: Grid, period: int) -> Grid:
    return np.zeros_like(x + y)


def _ombre(x: Grid, y: Grid, period: int) -> Grid:
    return (x * 0 + y) * 230 // max(1, int(y.max()))


def _breton(x: Grid, y: Grid, period: int) -> Grid:
    return np.where((y + x * 0) % period * 5 < period * 2, 255, 0)


def _column(x: Grid, y: Grid, period: int) -> Grid:
    return np.where((x + y * 0) % period * 5 < period * 2, 255, 0)


def _diagonal(x: Grid, y: Grid, period: int) -> Grid:
    return np.where((x + y) % (period * 3 // 2) * 2 < period, 255, 0)


def _gingham(x: Grid, y: Grid, period: int) -> Grid:
    across, down = x % period * 2 < period, y % period * 2 < period
    return across * 127 + down * 128


def _tartan(x: Grid, y: Grid, period: int) -> Grid:
    wide = period * 3 // 2
    broad = (x % wide * 3 < wide) * 90 + (y % wide * 3 < wide) * 90
    thin = (abs(x % wide - wide * 2 // 3) * 16 < wide) | (abs(y % wide - wide * 2 // 3) * 16 < wide)
    return np.where(thin, 255, broad)


def _argyle(x: Grid, y: Grid, period: int) -> Grid:
    tall = period * 3 // 2
    diamond = abs(x % period * 2 - period) * tall + abs(y % tall * 2 - tall) * period < period * tall
    return np.where(diamond, 255, 0)


def _polka(x: Grid, y: Grid, period: int) -> Grid:
    shifted = x + (y // period % 2) * (period // 2)
    dx, dy = shifted % period * 2 - period, y % period * 2 - period
    return np.where((dx * dx + dy * dy) * 10 < period * period * 4, 255, 0)


def _rings(x: Grid, y: Grid, period: int) -> Grid:
    wide = period * 4 // 3
    shifted = x + (y // wide % 2) * (wide // 2)
    dx, dy = shifted % wide * 2 - wide, y % wide * 2 - wide
    distance = (dx * dx + dy * dy) * 100
    return np.where((distance < wide * wide * 60) & (distance > wide * wide * 18), 255, 0)


def _blossom(x: Grid, y: Grid, period: int) -> Grid:
    wide = period * 3 // 2
    shifted = x + (y // wide % 2) * (wide // 2)
    dx, dy = shifted % wide * 2 - wide, y % wide * 2 - wide
    reach = wide * 3 // 8
    petals = np.zeros(dx.shape, bool)
    for px, py in ((reach, 0), (-reach, 0), (0, reach), (0, -reach)):
        petals |= ((dx - px) ** 2 + (dy - py) ** 2) * 9 < wide * wide
    heart = (dx * dx + dy * dy) * 36 < wide * wide
    return np.where(petals & ~heart, 255, 0)


WEAVES: dict[str, Weave] = {
    "plain": _plain,
    "ombre": _ombre,
    "breton": _breton,
    "column": _column,
    "diagonal": _diagonal,
    "gingham": _gingham,
    "tartan": _tartan,
    "argyle": _argyle,
    "polka": _polka,
    "rings": _rings,
    "blossom": _blossom,
}


def weave(pattern: str, side: int, period: int) -> Image.Image:
    """A square of cloth: a mask that is white where the second colour shows.

    Args:
        pattern: One of `WEAVES`.
        side: Its side in pixels.
        period: Thousandths of the side after which the pattern repeats, more or less.

    Example:
        >>> weave("breton", 4, 1000).getcolors()
        [(8, 0), (8, 255)]
    """
    x, y = np.arange(side, dtype=np.int32)[None, :], np.arange(side, dtype=np.int32)[:, None]
    return Image.fromarray(WEAVES[pattern](x, y, side * period // 1000).astype(np.uint8))
