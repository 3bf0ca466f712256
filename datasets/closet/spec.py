"""The Closet family: the frozen description of each dataset."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..simulation import NARROW

__all__ = ["CLOSETS", "GENERATOR_VERSION", "Closet"]

GENERATOR_VERSION = 6
"""Raised whenever the same description would come out as other bytes."""


@dataclass(frozen=True)
class Closet:
    """What one dataset of the family is made from.

    Two dials set how many random negatives are truly liked, that is, at least as much as the average of the
    user's training outfits: how many styles a user likes, and how little an outfit keeps to one of them. The
    garments are the same whatever these dials. A third says how much there is to see: on pale paper even the
    smallest network tells all traits, from a stem as from a teacher, and nothing is left to distil.

    Attributes:
        seed: Names its stream of draws: items, users and outfits.
        num_users: Number of users.
        outfits_per_user: Mean number of outfits a user posted; users differ by up to a quarter.
        items_per_category: Number of items made up in each category; those that nobody wears are left out.
        slots: Category of each slot of an outfit, by number.
        liking: Weights of the styles that a user likes, of sixteen, against 1 for each other.
        mixing_percent: How often, in percent, a slot takes a style of its own from the user's taste, and not
            the outfit's.
        at_home: Whether garments lie on grounds of any colour and pattern, from which they must be told, or
            on pale paper.
        cold_sibling: The dataset of other users and items of the same kind of world, or None.
    """

    seed: int
    num_users: int
    outfits_per_user: int
    items_per_category: int
    slots: tuple[int, ...] = (0, 1, 2)
    liking: tuple[int, ...] = NARROW
    mixing_percent: int = 50
    at_home: bool = False
    cold_sibling: str | None = None


_TWO_TOPS = (0, 0, 1, 2)

_FIRST: dict[str, Closet] = {
    "closet-12": Closet(12, num_users=12, outfits_per_user=32, items_per_category=180),
    "closet-24": Closet(24, num_users=24, outfits_per_user=108, items_per_category=1280),
    "closet-60": Closet(60, 60, 110, items_per_category=2560, at_home=True, cold_sibling="closet-16"),
    "closet-16": Closet(16, 16, 60, items_per_category=480, at_home=True),
    "closet-40v": Closet(40, 40, 80, 1600, slots=_TWO_TOPS, at_home=True, cold_sibling="closet-10v"),
    "closet-10v": Closet(10, 10, 50, 270, slots=_TWO_TOPS, at_home=True),
}

_DENSE = {"dense5": ((600,) * 6 + (300,), 65), "dense15": ((600,) * 10, 75)}
"""What users like and the percentage of mixing, for about 5 and about 15 % truly liked random negatives."""


def _dense(name: str, rate: str) -> Closet:
    """The sibling with broader tastes and less coherent outfits."""
    closet, (liking, mixing_percent) = _FIRST[name], _DENSE[rate]
    return replace(
        closet,
        liking=liking,
        mixing_percent=mixing_percent,
        cold_sibling=closet.cold_sibling and f"{closet.cold_sibling}-{rate}",
    )


CLOSETS: dict[str, Closet] = {
    **_FIRST,
    "closet-60b": replace(_FIRST["closet-60"], seed=61),
    "closet-60c": replace(_FIRST["closet-60"], seed=62),
    **{
        f"{name}-{rate}": _dense(name, rate)
        for name in ("closet-24", "closet-60", "closet-16")
        for rate in _DENSE
    },
}
"""The datasets by name; a `v` marks a variable outfit size, `b` and `c` other worlds of the same kind, and
`dense5` and `dense15` about 5 and about 15 % of truly liked random negatives (0.2 % elsewhere). The garments
of the worlds of 12 and of 24 users lie on pale paper."""
