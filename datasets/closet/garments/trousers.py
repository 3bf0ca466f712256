"""Trousers, from straight to wide."""

from __future__ import annotations

from collections.abc import Sequence

from .panels import Cut, Panel, Part, Seam, mirror, symmetric

__all__ = ["jeans", "joggers", "straight_trousers"]


def _legs(hip: int, hem: int, outer: int, inner: int, crotch: int = 400) -> Panel:
    """Both legs, from the hip's half width, the hem's height, and its outer and inner half width."""
    waist = hip - 30
    left = [
        (500, 110),
        (500 - waist, 105),
        (500 - hip, 260),
        (500 - outer, hem),
        (500 - inner, hem),
        (500, crotch),
    ]
    return Panel(symmetric(left))


def _waistband(half: int, height: int = 45) -> Panel:
    return Panel(
        ((500 - half, 95), (500 + half, 95), (502 + half, 95 + height), (498 - half, 95 + height)), "trim"
    )


def straight_trousers(cut: Cut) -> Sequence[Part]:
    """Tailored trousers with a crease and slanted pockets."""
    hip, hem = cut.width_between(155, 190), cut.length_between(860, 930)
    outer, inner = hip + 5, cut.flare_between(60, 40)
    crease = ((500 - (outer + inner) // 2 - 5, 250), (500 - (outer + inner) // 2, hem - 10))
    pocket = ((500 - hip + 35, 145), (500 - hip + 8, 230))
    return [
        _legs(hip, hem, outer, inner),
        _waistband(hip - 30),
        Seam(((500, 140), (500, 395)), 5),
        *(Seam(line, 4) for line in (crease, mirror(crease), pocket, mirror(pocket))),
    ]


def joggers(cut: Cut) -> Sequence[Part]:
    """Tapered sweatpants with ribbed cuffs and a drawstring."""
    hip, hem = cut.width_between(170, 205), cut.length_between(830, 890)
    outer = hip - cut.flare_between(55, 35)
    cuff = ((500 - outer - 2, hem), (500 - 62, hem), (500 - 68, hem + 55), (500 - outer + 10, hem + 55))
    cord = ((492, 140), (478, 235))
    return [
        _legs(hip, hem, outer, 60),
        Panel(cuff, "trim"),
        Panel(mirror(cuff), "trim"),
        _waistband(hip - 28, 55),
        Seam(cord, 9, "light"),
        Seam(mirror(cord), 9, "light"),
    ]


def jeans(cut: Cut) -> Sequence[Part]:
    """Wide five-pocket trousers with turned-up hems."""
    hip, hem = cut.width_between(165, 195), cut.length_between(850, 900)
    outer, inner = hip + cut.flare_between(45, 85), 30
    turn_up = (
        (500 - outer - 6, hem - 15),
        (500 - inner + 4, hem - 15),
        (500 - inner, hem + 40),
        (500 - outer - 10, hem + 40),
    )
    pocket = ((500 - hip + 25, 150), (500 - hip + 75, 215), (500 - hip + 5, 230))
    return [
        _legs(hip, hem, outer, inner),
        Panel(turn_up, "second"),
        Panel(mirror(turn_up), "second"),
        _waistband(hip - 30),
        Seam(((500, 140), (500, 395)), 6),
        Seam(((500, 150), (540, 150), (535, 270), (500, 300)), 5, "light"),
        Seam(pocket, 6, "light"),
        Seam(mirror(pocket), 6, "light"),
    ]
