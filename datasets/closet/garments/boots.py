"""Boots, seen from the side."""

from __future__ import annotations

from collections.abc import Sequence

from .panels import Cut, Panel, Part, Point, Seam, curve

__all__ = ["ankle_boot", "tall_boot"]


def _boot(shaft: int, front: int, back: int) -> tuple[Point, ...]:
    """Outline above the sole: the shaft's height, and its front and back edge."""
    return (
        (190, 790),
        *curve((190, 790), (180, 650), (back, shaft)),
        (front, shaft),
        *curve((front, shaft), (front + 5, 600), (640, 640)),
        *curve((640, 640), (860, 660), (860, 790)),
    )


def _lug_sole(thick: int) -> list[Part]:
    lugs = [((x, 785 + thick), (x + 40, 785 + thick)) for x in range(210, 840, 90)]
    return [
        Panel(((175, 785), (875, 785), (880, 785 + thick), (175, 785 + thick)), "dark"),
        *(Seam(lug, 26, "dark") for lug in lugs),
    ]


def ankle_boot(cut: Cut) -> Sequence[Part]:
    """A laced work boot with a padded collar and a lug sole."""
    shaft = cut.length_between(330, 410)
    front = cut.width_between(450, 490)
    laces = [
        ((front - 55 + 14 * i, shaft + 75 + 58 * i), (front + 15 + 16 * i, shaft + 60 + 60 * i))
        for i in range(4)
    ]
    return [
        Panel(_boot(shaft, front, 195)),
        Panel(
            ((188, shaft - 20), (front + 5, shaft - 20), (front + 5, shaft + 40), (188, shaft + 40)), "trim"
        ),
        Panel(((690, 788), *curve((680, 690), (855, 670), (862, 788))), "second"),
        *(Seam(lace, 15, "light") for lace in laces),
        *_lug_sole(cut.flare_between(50, 75)),
    ]


def tall_boot(cut: Cut) -> Sequence[Part]:
    """A pull-on boot to the knee with a buckled strap."""
    shaft = cut.length_between(90, 170)
    front, back = cut.width_between(470, 500), 195
    return [
        Panel(_boot(shaft, front, back)),
        Panel(
            (
                (back - 4, shaft - 10),
                (front + 4, shaft - 10),
                (front + 4, shaft + 45),
                (back - 4, shaft + 45),
            ),
            "trim",
        ),
        Panel(((192, 575), (front + 30, 560), (front + 60, 605), (190, 625)), "trim"),
        Panel(((330, 560), (385, 557), (387, 622), (332, 625)), "light"),
        Seam(((330, shaft + 45), (325, 560)), 4),
        *_lug_sole(cut.flare_between(40, 60)),
    ]
