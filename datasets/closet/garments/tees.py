"""Tank tops and T-shirts."""

from __future__ import annotations

from collections.abc import Sequence

from .panels import Cut, Panel, Part, Seam, curve, mirror, symmetric

__all__ = ["t_shirt", "tank"]


def tank(cut: Cut) -> Sequence[Part]:
    """A sleeveless top with wide shoulder straps."""
    hem, half, neck = cut.length_between(780, 900), cut.width_between(190, 240), cut.neck_between(250, 340)
    strap = 500 - half // 2
    left = [
        *curve((500, neck), (strap + 50, neck), (strap + 40, 120)),
        (strap - 30, 120),
        *curve((strap - 30, 150), (strap - 20, 330), (500 - half, 380)),
        *curve((500 - half, 380), (500 - half + 30, 600), (500 - half - cut.flare_between(0, 30), hem)),
        (500, hem + 15),
    ]
    armhole = curve((strap - 30, 125), (strap - 20, 330), (500 - half, 380))
    neckline = curve((strap + 40, 125), (strap + 50, neck), (500, neck))
    return [
        Panel(
            symmetric([(500, 170), *curve((500, 170), (strap + 50, 170), (strap + 40, 120)), (500, neck)]),
            "dark",
        ),
        Panel(symmetric(left)),
        *(Seam(line, 16, "trim") for line in (armhole, mirror(armhole), neckline, mirror(neckline))),
    ]


def t_shirt(cut: Cut) -> Sequence[Part]:
    """A short-sleeved top with a round neck and ribbed edges."""
    hem, half, neck = cut.length_between(780, 900), cut.width_between(190, 250), cut.neck_between(190, 270)
    cuff = cut.length_between(360, 460)
    sleeve = [(360, 130), (500 - half - 130, cuff - 70), (500 - half - 60, cuff), (500 - half, 330)]
    body = [
        *curve((500, neck), (410, neck), (400, 110)),
        (330, 145),
        (500 - half, 300),
        *curve((500 - half, 300), (500 - half + 20, 600), (500 - half - cut.flare_between(0, 30), hem)),
        (500, hem + 12),
    ]
    neckline = curve((400, 115), (410, neck), (500, neck))
    sleeve_edge = (sleeve[1], sleeve[2])
    return [
        Panel(symmetric([*curve((500, 150), (420, 150), (400, 110)), (500, neck)]), "dark"),
        Panel(tuple(sleeve)),
        Panel(mirror(sleeve)),
        Panel(symmetric(body)),
        *(Seam(line, 24, "trim") for line in (neckline, mirror(neckline), sleeve_edge, mirror(sleeve_edge))),
    ]
