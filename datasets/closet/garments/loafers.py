"""Loafers and oxfords, seen from the side."""

from __future__ import annotations

from collections.abc import Sequence

from .panels import Cut, Panel, Part, Point, Seam, curve

__all__ = ["loafer", "oxford"]


def _last(collar: int, toe: int) -> tuple[Point, ...]:
    """The outline of a low leather shoe above the sole, pointing right."""
    return (
        (130, 680),
        *curve((130, 680), (105, 540), (140, collar)),
        *curve((140, collar), (250, collar + 90), (390, collar + 20)),
        *curve((390, collar + 20), (560, toe - 50), (700, toe)),
        *curve((700, toe), (925, toe + 40), (915, 680)),
    )


def _sole(heel: int) -> list[Part]:
    return [
        Panel(((115, 675), (925, 675), (930, 712), (115, 712)), "dark"),
        Panel(((118, 710), (340, 710), (325, 710 + heel), (125, 710 + heel)), "dark"),
    ]


def loafer(cut: Cut) -> Sequence[Part]:
    """A slip-on with a moccasin seam and a strap across the instep."""
    collar, toe = cut.length_between(450, 500), cut.flare_between(560, 585)
    seam = curve((480, toe - 55), (700, toe - 30), (860, 625))
    saddle = ((455, collar + 30), (560, toe - 48), (600, 675), (450, 675))
    return [
        Panel(_last(collar, toe)),
        Panel(saddle, "trim"),
        Panel(((470, 545), (560, 560), (568, 600), (468, 585)), "dark"),
        Seam(seam, 12, "trim"),
        *_sole(cut.width_between(35, 60)),
    ]


def oxford(cut: Cut) -> Sequence[Part]:
    """A laced dress shoe with a toe cap and a stacked heel."""
    collar, toe = cut.length_between(430, 480), cut.flare_between(570, 595)
    cap = (
        (735, 675),
        *curve((735, 675), (720, 620), (740, toe + 6)),
        *curve((740, toe + 6), (920, toe + 50), (913, 675)),
    )
    laces = [((410 + 45 * i, collar + 42 + 26 * i), (470 + 45 * i, collar + 92 + 22 * i)) for i in range(4)]
    return [
        Panel(_last(collar, toe)),
        Panel(cap, "trim"),
        Panel(((130, 675), *curve((118, 600), (200, 570), (260, 600)), (280, 675)), "second"),
        *(Seam(lace, 12, "light") for lace in laces),
        *_sole(cut.width_between(55, 85)),
    ]
