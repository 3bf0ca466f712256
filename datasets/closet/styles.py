"""The sixteen styles of the Closet world, and how faithfully an item shows the style it was made in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CUTS",
    "FIDELITY",
    "NEUTRALS",
    "PALETTES",
    "PATTERNS",
    "STYLES",
    "Traits",
    "contrast",
    "weights_of",
]

Colour = tuple[int, int, int]
"""Red, green and blue, 0 … 255."""

PALETTES: dict[str, tuple[Colour, ...]] = {
    "earth": ((160, 82, 45), (107, 112, 54), (193, 154, 96), (111, 66, 38), (206, 150, 38)),
    "ocean": ((25, 42, 92), (26, 128, 128), (110, 175, 220), (48, 92, 165), (150, 200, 200)),
    "candy": ((240, 140, 170), (180, 150, 220), (250, 200, 130), (232, 96, 110), (245, 190, 205)),
    "noir": ((28, 28, 32), (90, 20, 40), (78, 80, 88), (140, 142, 148), (52, 30, 66)),
}
"""Colours that go together, RGB."""

NEUTRALS: tuple[Colour, ...] = ((240, 236, 226), (205, 198, 186), (60, 60, 66), (150, 140, 128))
"""Colours that go with everything, RGB."""

PATTERNS: dict[str, tuple[str, ...]] = {
    "solid": ("plain", "ombre"),
    "striped": ("breton", "column", "diagonal"),
    "checked": ("gingham", "tartan", "argyle"),
    "dotted": ("polka", "rings", "blossom"),
}
"""Weaves that go together."""

CUTS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "sporty": (("tank", "t-shirt"), ("joggers", "running shorts"), ("runner", "high-top")),
    "classic": (("shirt", "polo"), ("straight trousers", "bermudas"), ("loafer", "oxford")),
    "rugged": (("jacket", "hoodie"), ("jeans", "cargo shorts"), ("ankle boot", "tall boot")),
    "elegant": (("blouse", "camisole"), ("pencil skirt", "pleated skirt"), ("pump", "ballet flat")),
}
"""Kinds of tops, bottoms and shoes that go together."""


@dataclass(frozen=True)
class Traits:
    """What is to be seen of a style: one palette, one family of patterns, one family of kinds, by number."""

    palette: int
    pattern: int
    cut: int


STYLES: tuple[Traits, ...] = tuple(Traits(a, b, a ^ b) for a in range(4) for b in range(4))
"""An orthogonal array: any two traits occur once in each combination, so that one trait alone, a colour say,
says little about the style, and two say all."""

FIDELITY = Traits(palette=3, pattern=40, cut=40)
"""How often an item shows its style's trait, as odds against any one of the three others.

Colour is the least faithful: a colour histogram must not do what a model is needed for."""


def contrast() -> NDArray[np.bool_]:
    """Pairs of styles that differ in every trait, bool (16, 16)."""
    return np.array([[_all_differ(a, b) for b in STYLES] for a in STYLES])


def _all_differ(a: Traits, b: Traits) -> bool:
    return a.palette != b.palette and a.pattern != b.pattern and a.cut != b.cut


def weights_of(item: Traits) -> list[int]:
    """How strongly each style takes to an item: the product of the odds of the traits they share."""
    return [
        (FIDELITY.palette if item.palette == style.palette else 1)
        * (FIDELITY.pattern if item.pattern == style.pattern else 1)
        * (FIDELITY.cut if item.cut == style.cut else 1)
        for style in STYLES
    ]
