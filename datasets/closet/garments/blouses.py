"""Blouses and camisoles."""

from __future__ import annotations

from collections.abc import Sequence

from .panels import Cut, Panel, Part, Seam, blob, curve, mirror, symmetric

__all__ = ["blouse", "camisole"]


def blouse(cut: Cut) -> Sequence[Part]:
    """A waisted top with a V neck, a bow, bell sleeves and a peplum."""
    half, hem = cut.width_between(165, 195), cut.length_between(790, 860)
    neck, bell = cut.neck_between(280, 350), cut.flare_between(40, 85)
    waist = half - 45
    sleeve = (
        (350, 125),
        *curve((350, 125), (500 - half - 60, 220), (500 - half - 80, 420)),
        (500 - half - 110 - bell, 660),
        *curve((500 - half - 110 - bell, 660), (500 - half - 70, 720), (500 - half - 10, 680)),
        (500 - half + 5, 360),
    )
    body = [
        (500, neck),
        (405, 105),
        (340, 125),
        (500 - half, 320),
        *curve((500 - half, 320), (500 - waist, 450), (500 - waist, 580)),
        *curve((500 - waist, 580), (500 - half - 10, 680), (500 - half - 55 - bell // 2, hem)),
        *curve((500 - half - 55 - bell // 2, hem), (420, hem + 45), (500, hem + 40)),
    ]
    edge = ((405, 105), (500, neck))
    loop = ((500, neck), (445, neck - 40), (440, neck + 45))
    return [
        Panel(symmetric([(500, 150), (405, 105), (500, neck)]), "dark"),
        *(Panel(piece) for piece in (sleeve, mirror(sleeve))),
        Panel(symmetric(body)),
        *(Seam(line, 16, "trim") for line in (edge, mirror(edge))),
        Seam(((500 - waist, 580), (500 + waist, 580)), 18, "trim"),
        *(Panel(piece, "trim") for piece in (loop, mirror(loop), blob(500, neck, 18))),
    ]


def camisole(cut: Cut) -> Sequence[Part]:
    """A light top on thin straps, flared to the hem."""
    half, hem = cut.width_between(150, 185), cut.length_between(760, 860)
    dip, bust = cut.neck_between(330, 390), 290
    flare = half + cut.flare_between(30, 90)
    body = [
        *curve((500, dip), (440, dip), (500 - half + 45, bust)),
        (500 - half, 400),
        *curve((500 - half, 400), (500 - half + 25, 560), (500 - flare, hem)),
        *curve((500 - flare, hem), (430, hem + 40), (500, hem + 35)),
    ]
    strap = ((500 - half + 48, bust + 5), (500 - half + 70, 95))
    edge = curve((500 - half + 45, bust), (440, dip), (500, dip))
    lace = ((500 - flare + 12, hem - 35), *curve((500 - flare + 12, hem - 35), (430, hem + 5), (500, hem)))
    return [
        *(Seam(line, 14, "trim") for line in (strap, mirror(strap))),
        Panel(symmetric(body)),
        *(Seam(line, 20, "trim") for line in (edge, mirror(edge), lace, mirror(lace))),
    ]
