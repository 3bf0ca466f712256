"""Pumps and ballet flats, seen from the side."""

from __future__ import annotations

from collections.abc import Sequence

from .panels import Cut, Panel, Part, Seam, blob, curve

__all__ = ["ballet_flat", "pump"]


def pump(cut: Cut) -> Sequence[Part]:
    """A high-heeled court shoe."""
    rise = cut.length_between(330, 410)
    counter = (
        (150, rise + 60),
        *curve((150, rise + 60), (140, rise - 40), (175, rise - 90)),
        *curve((175, rise - 90), (300, rise + 120), (560, 600)),
        *curve((560, 600), (640, 640), (700, 610)),
        *curve((700, 610), (880, 680), (910, 770)),
        (620, 770),
        *curve((620, 770), (430, 720), (310, rise + 150)),
    )
    tip = cut.width_between(16, 34)
    heel = (
        (152, rise + 50),
        *curve((310, rise + 145), (235, rise + 200), (215 + tip, 775)),
        (215 - tip, 775),
    )
    return [
        Panel(heel, "trim"),
        Panel(counter),
        Panel(((820, 765), *curve((810, 700), (860, 680), (908, 768))), "trim"),
        Seam(((600, 772), (912, 774)), 14, "dark"),
        *([Panel(blob(690, 640, 34), "trim")] if cut.detail > 50 else []),
    ]


def ballet_flat(cut: Cut) -> Sequence[Part]:
    """A flat, low-cut slipper with a bow."""
    collar, dip = cut.length_between(470, 510), cut.neck_between(600, 620)
    upper = (
        (110, 700),
        *curve((110, 700), (95, 560), (135, collar)),
        *curve((135, collar), (330, dip + 60), (600, dip)),
        *curve((600, dip), (680, dip - 20), (730, dip - 5)),
        *curve((730, dip - 5), (930, dip + 40), (920, 700)),
    )
    edge = curve((135, collar + 6), (330, dip + 64), (605, dip + 4))
    bow = cut.width_between(50, 75)
    return [
        Panel(upper),
        Seam(edge, 18, "trim"),
        Panel(((665, dip - 8), (665 - bow, dip - 50), (665 - bow, dip + 32)), "trim"),
        Panel(((665, dip - 8), (665 + bow, dip - 46), (665 + bow, dip + 38)), "trim"),
        Panel(blob(665, dip - 8, 18), "trim"),
        Panel(((108, 698), (922, 698), (925, 728), (112, 728)), "dark"),
    ]
