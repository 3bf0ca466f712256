"""Shorts, from running shorts to cargos."""

from __future__ import annotations

from collections.abc import Sequence

from .panels import Cut, Panel, Part, Seam, mirror, symmetric

__all__ = ["bermudas", "cargo_shorts", "running_shorts"]

_TOP = 230


def _legs(hip: int, hem: int, outer: int, inner: int) -> Panel:
    left = [(500, _TOP + 10), (500 - hip, _TOP), (500 - outer, hem), (500 - inner, hem + 20), (500, 530)]
    return Panel(symmetric(left))


def _waistband(half: int, height: int) -> Panel:
    return Panel(
        (
            (500 - half, _TOP - 15),
            (500 + half, _TOP - 15),
            (506 + half, _TOP + height),
            (494 - half, _TOP + height),
        ),
        "trim",
    )


def running_shorts(cut: Cut) -> Sequence[Part]:
    """Short flared shorts with side stripes and a drawstring."""
    hip, hem = cut.width_between(195, 225), cut.length_between(590, 660)
    outer = hip + cut.flare_between(80, 120)
    stripe = (
        (500 - hip - 5, _TOP + 50),
        (500 - hip + 32, _TOP + 50),
        (500 - outer + 55, hem + 4),
        (500 - outer, hem),
    )
    cord = ((492, _TOP + 40), (470, _TOP + 130))
    return [
        _legs(hip, hem, outer, 35),
        *(Panel(piece, "trim") for piece in (stripe, mirror(stripe))),
        _waistband(hip, 55),
        *(Seam(line, 10, "light") for line in (cord, mirror(cord))),
    ]


def bermudas(cut: Cut) -> Sequence[Part]:
    """Knee-length tailored shorts with belt loops, creases and turn-ups."""
    hip, hem = cut.width_between(175, 205), cut.length_between(720, 790)
    outer, inner = hip + cut.flare_between(25, 45), 25
    turn_up = (
        (500 - outer - 3, hem - 35),
        (500 - inner, hem - 18),
        (500 - inner, hem + 30),
        (500 - outer - 6, hem + 14),
    )
    crease = ((500 - hip // 2, _TOP + 60), (500 - (outer + inner) // 2, hem - 30))
    loops = [((x, _TOP - 22), (x, _TOP + 48)) for x in (500 - hip * 2 // 3, 500 + hip * 2 // 3, 420, 580)]
    return [
        _legs(hip, hem, outer, inner),
        *(Panel(piece) for piece in (turn_up, mirror(turn_up))),
        _waistband(hip, 40),
        *(Seam(line, 16, "dark") for line in loops),
        *(Seam(line, 4) for line in (crease, mirror(crease), ((500, _TOP + 40), (500, 530)))),
    ]


def cargo_shorts(cut: Cut) -> Sequence[Part]:
    """Wide shorts with big patch pockets on the legs."""
    hip, hem = cut.width_between(200, 225), cut.length_between(700, 770)
    outer = hip + cut.flare_between(55, 85)
    edge = 500 - outer
    pocket = ((edge - 18, 480), (edge + 120, 480), (edge + 115, 640), (edge - 25, 640))
    flap = ((edge - 26, 470), (edge + 127, 470), (edge + 124, 525), (edge - 28, 525))
    return [
        _legs(hip, hem, outer, 25),
        *(Panel(piece) for piece in (pocket, mirror(pocket))),
        *(Panel(piece, "trim") for piece in (flap, mirror(flap))),
        _waistband(hip, 45),
        Seam(((500, _TOP + 45), (500, 530)), 6),
    ]
