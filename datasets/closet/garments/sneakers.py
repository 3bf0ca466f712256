"""Running shoes and high-tops, seen from the side."""

from __future__ import annotations

from collections.abc import Sequence

from .panels import Cut, Panel, Part, Seam, blob, curve

__all__ = ["high_top", "runner"]


def _sole(top: int, thick: int, wave: int = 0) -> Panel:
    return Panel(
        (
            (110, top),
            *curve((890, top), (935, top + thick // 2), (900, top + thick)),
            (500, top + thick - wave),
            *curve((140, top + thick), (85, top + thick), (110, top)),
        ),
        "light",
    )


def runner(cut: Cut) -> Sequence[Part]:
    """A low running shoe with laces, a side stripe and a thick sole."""
    collar, thick = cut.length_between(330, 390), cut.width_between(80, 130)
    toe = cut.flare_between(560, 530)
    upper = (
        (115, 690),
        *curve((110, 690), (95, 480), (130, collar)),
        *curve((130, collar), (230, collar + 130), (350, collar + 10)),
        *curve((380, collar), (560, toe - 60), (720, toe)),
        *curve((720, toe), (915, toe + 20), (900, 690)),
    )
    stripe = ((330, 680), (470, 510), (540, 535), (430, 680))
    laces = [((400 + 55 * i, collar + 55 + 38 * i), (470 + 55 * i, collar + 15 + 40 * i)) for i in range(4)]
    return [
        Panel(upper),
        Panel(stripe, "trim"),
        Panel(((760, 685), *curve((745, 600), (900, 560), (902, 685))), "second"),
        Panel(((112, 690), *curve((108, 600), (140, 540), (215, 560)), (220, 690)), "second"),
        *(Seam(lace, 14, "light") for lace in laces),
        _sole(680, thick, 20),
    ]


def high_top(cut: Cut) -> Sequence[Part]:
    """A canvas basketball shoe that covers the ankle."""
    collar, thick = cut.length_between(170, 260), cut.width_between(60, 90)
    upper = (
        (140, 730),
        *curve((140, 730), (120, 480), (150, collar)),
        (420, collar - 10),
        *curve((430, collar), (450, 480), (680, 540)),
        *curve((680, 540), (890, 570), (890, 730)),
    )
    laces = [
        ((425 + 8 * i * i, collar + 60 + 62 * i), (500 + 8 * i * i, collar + 40 + 64 * i)) for i in range(5)
    ]
    return [
        Panel(upper),
        Panel(((735, 730), *curve((720, 620), (880, 580), (892, 730))), "light"),
        Panel(blob(285, 430, cut.neck_between(55, 75)), "trim"),
        *(Seam(lace, 15, "light") for lace in laces),
        _sole(715, thick),
        Seam(((112, 735), (900, 735)), 12, "trim"),
    ]
