"""Jackets and hoodies."""

from __future__ import annotations

from collections.abc import Sequence

from .panels import Cut, Panel, Part, Seam, blob, curve, mirror, symmetric

__all__ = ["hoodie", "jacket"]


def _sleeves(half: int, wrist: int, spread: int) -> list[Part]:
    """Two long heavy sleeves with ribbed cuffs."""
    outer, inner = 500 - half - spread, 500 - half - spread + 95
    sleeve = ((340, 140), (500 - half - 75, 330), (outer, wrist), (inner, wrist + 15), (500 - half + 8, 380))
    cuff = ((outer + 3, wrist - 8), (inner, wrist + 6), (inner - 6, wrist + 70), (outer + 8, wrist + 58))
    return [
        *(Panel(piece) for piece in (sleeve, mirror(sleeve))),
        *(Panel(piece, "trim") for piece in (cuff, mirror(cuff))),
    ]


def _trunk(half: int, hem: int) -> tuple[tuple[int, int], ...]:
    return ((400, 125), (325, 155), (500 - half, 310), (500 - half, hem))


def jacket(cut: Cut) -> Sequence[Part]:
    """An open field jacket: lapels, a zip, flap pockets and a waistband."""
    half, hem = cut.width_between(205, 245), cut.length_between(740, 840)
    gap = cut.neck_between(20, 60)
    front = (*_trunk(half, hem), (500 - gap, hem), (500 - gap, 330), (430, 130))
    lapel = ((425, 110), (395, 170), (440, 300), (500 - gap, 380), (500 - gap, 300))
    band = ((500 - half - 4, hem), (500 - gap, hem), (500 - gap, hem + 60), (500 - half + 4, hem + 60))
    pocket = ((500 - half + 40, 560), (500 - gap - 35, 560), (500 - gap - 35, 690), (500 - half + 40, 690))
    flap = ((500 - half + 33, 550), (500 - gap - 28, 550), (500 - gap - 28, 600), (500 - half + 33, 600))
    zip_line = ((500 - gap + 4, 370), (500 - gap + 4, hem + 55))
    return [
        *_sleeves(half, cut.flare_between(730, 790), cut.flare_between(130, 105)),
        Panel(symmetric([(500, 150), (425, 115), (470, hem), (500, hem)]), "dark"),
        *(Panel(piece) for piece in (front, mirror(front), pocket, mirror(pocket))),
        *(Panel(piece, "trim") for piece in (flap, mirror(flap), lapel, mirror(lapel), band, mirror(band))),
        Seam(zip_line, 10, "light"),
        Seam(mirror(zip_line), 10, "light"),
    ]


def hoodie(cut: Cut) -> Sequence[Part]:
    """A hooded sweatshirt with a kangaroo pocket and drawstrings."""
    half, hem = cut.width_between(205, 245), cut.length_between(760, 840)
    hood = [
        (500, 70),
        *curve((500, 70), (375, 70), (372, 190)),
        *curve((372, 190), (400, 290), (500, cut.neck_between(310, 350))),
    ]
    opening = [
        (500, 110),
        *curve((500, 110), (430, 115), (428, 190)),
        *curve((428, 200), (455, 260), (500, 290)),
    ]
    pocket = [(500, 570), (430, 570), (365, 680), (365, 740), (500, 740)]
    cord = ((470, 285), (464, 450))
    return [
        *_sleeves(half, cut.flare_between(740, 800), cut.flare_between(125, 100)),
        Panel(symmetric([(500, 150), *_trunk(half, hem), (500, hem)])),
        Panel(
            (
                (500 - half - 4, hem - 5),
                (500 + half + 4, hem - 5),
                (496 + half, hem + 60),
                (504 - half, hem + 60),
            ),
            "trim",
        ),
        Panel(symmetric(pocket)),
        Panel(symmetric(hood)),
        Panel(symmetric(opening), "dark"),
        *(Seam(line, 11, "light") for line in (cord, mirror(cord))),
        *(Panel(blob(x, 455, 12), "light") for x in (464, 536)),
    ]
