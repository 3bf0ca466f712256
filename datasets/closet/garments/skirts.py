"""Skirts."""

from __future__ import annotations

from collections.abc import Sequence

from .panels import Cut, Panel, Part, Seam, curve, mirror, symmetric

__all__ = ["pencil_skirt", "pleated_skirt"]


def _waistband(half: int, top: int) -> Panel:
    return Panel(
        ((500 - half, top), (500 + half, top), (505 + half, top + 50), (495 - half, top + 50)), "trim"
    )


def pencil_skirt(cut: Cut) -> Sequence[Part]:
    """A narrow skirt to the knee with a slit."""
    hip, hem = cut.width_between(165, 195), cut.length_between(790, 890)
    end = hip - cut.flare_between(45, 20)
    slit = (500 + end // 2, hem - cut.neck_between(110, 190))
    left = [
        (500, 170),
        (500 - hip + 50, 165),
        *curve((500 - hip + 50, 165), (500 - hip, 270), (500 - hip, 400)),
        (500 - end, hem),
        (500, hem + 8),
    ]
    return [
        Panel(symmetric(left)),
        Panel((slit, (500 + end // 2 + 22, hem + 4), (500 + end // 2 - 22, hem + 6)), "dark"),
        _waistband(hip - 52, 140),
    ]


def pleated_skirt(cut: Cut) -> Sequence[Part]:
    """A flared skirt with pleats and a banded hem."""
    waist, hem = cut.width_between(125, 150), cut.length_between(690, 830)
    end = waist + cut.flare_between(170, 250)
    left = [
        (500, 190),
        (500 - waist, 185),
        (500 - end, hem - 25),
        *curve((500 - end, hem - 25), (400, hem + 40), (500, hem + 40)),
    ]
    pleats = [
        ((500 - waist * i // 8, 230), (500 - end * i // 8, hem + 30 - i * i // 2)) for i in (1, 3, 5, 7)
    ]
    band = ((500 - end + 12, hem - 60), *curve((500 - end + 12, hem - 60), (400, hem + 2), (500, hem + 2)))
    return [
        Panel(symmetric(left)),
        *(Seam(line, 7) for pleat in pleats for line in (pleat, mirror(pleat))),
        *(Seam(line, 22, "trim") for line in (band, mirror(band))),
        _waistband(waist, 160),
    ]
