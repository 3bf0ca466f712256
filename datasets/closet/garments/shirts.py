"""Shirts and polos: collars, plackets and buttons."""

from __future__ import annotations

from collections.abc import Sequence

from .panels import Cut, Panel, Part, Seam, blob, curve, mirror, symmetric

__all__ = ["polo", "shirt"]


def _body(half: int, hem: int, side_hem: int) -> Panel:
    left = [
        (500, 170),
        (410, 115),
        (325, 150),
        (500 - half, 300),
        *curve((500 - half, 300), (500 - half + 15, 600), (500 - half, side_hem)),
        *curve((500 - half, side_hem), (500 - half // 2, hem + 20), (500, hem)),
    ]
    return Panel(symmetric(left))


def _collar(drop: int) -> list[Part]:
    left = ((415, 105), (440, 82), (500, 165), (448, 200 + drop))
    return [
        Panel(symmetric([(500, 130), (440, 88), (500, 195)]), "dark"),
        Panel(left, "trim"),
        Panel(mirror(left), "trim"),
    ]


def _buttons(top: int, bottom: int, count: int) -> list[Part]:
    step = (bottom - top) // max(1, count - 1)
    return [Panel(blob(500, top + step * i, 13), "light") for i in range(count)]


def shirt(cut: Cut) -> Sequence[Part]:
    """A long-sleeved, button-down shirt with cuffs and a rounded hem."""
    half, hem = cut.width_between(175, 215), cut.length_between(800, 880)
    wrist = cut.flare_between(760, 830)
    outer, inner = 500 - half - cut.flare_between(130, 100), 500 - half - 35
    sleeve = ((345, 135), (500 - half - 60, 330), (outer, wrist), (inner, wrist + 12), (500 - half + 5, 350))
    cuff = ((outer - 3, wrist - 10), (inner + 3, wrist + 2), (inner, wrist + 65), (outer, wrist + 53))
    placket = ((474, 190), (526, 190), (526, hem), (474, hem))
    return [
        *(Panel(piece) for piece in (sleeve, mirror(sleeve))),
        *(Panel(piece, "trim") for piece in (cuff, mirror(cuff))),
        _body(half, hem, hem - 60),
        Panel(placket),
        *_buttons(250, hem - 50, 6),
        *_collar(cut.neck_between(0, 35)),
    ]


def polo(cut: Cut) -> Sequence[Part]:
    """A short-sleeved top with a collar, a short placket and ribbed cuffs."""
    half, hem = cut.width_between(190, 235), cut.length_between(780, 860)
    cuff = cut.flare_between(400, 470)
    outer, inner = 500 - half - 110, 500 - half - 25
    sleeve = ((345, 135), (outer, cuff - 55), (inner, cuff), (500 - half + 5, 330))
    band = ((outer - 3, cuff - 65), (inner, cuff - 12), (inner - 14, cuff + 22), (outer - 22, cuff - 30))
    return [
        *(Panel(piece) for piece in (sleeve, mirror(sleeve))),
        *(Panel(piece, "trim") for piece in (band, mirror(band))),
        _body(half, hem, hem),
        Panel(((472, 190), (528, 190), (528, 400), (472, 400)), "trim"),
        *_buttons(240, 370, 3),
        *_collar(cut.neck_between(10, 40)),
        Seam(((500 - half, hem - 30), (500 + half, hem - 30)), 4),
    ]
