"""The Closet family: the frozen description of each dataset."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CLOSETS", "GENERATOR_VERSION", "Closet"]

GENERATOR_VERSION = 4
"""Raised whenever the same description would come out as other bytes."""


@dataclass(frozen=True)
class Closet:
    """What one dataset of the family is made from.

    Attributes:
        seed: Names its stream of draws.
        num_users: Number of users.
        outfits_per_user: Mean number of outfits a user posted; users differ by up to a quarter.
        items_per_category: Number of items made up in each category; those that nobody wears are left out.
        slots: Category of each slot of an outfit, by number.
        cold_sibling: The dataset of other users and items of the same world, or None.
    """

    seed: int
    num_users: int
    outfits_per_user: int
    items_per_category: int
    slots: tuple[int, ...] = (0, 1, 2)
    cold_sibling: str | None = None


_TWO_TOPS = (0, 0, 1, 2)

CLOSETS: dict[str, Closet] = {
    "closet-12": Closet(12, num_users=12, outfits_per_user=32, items_per_category=180),
    "closet-24": Closet(24, num_users=24, outfits_per_user=108, items_per_category=1280),
    "closet-60": Closet(60, 60, outfits_per_user=110, items_per_category=2560, cold_sibling="closet-16"),
    "closet-16": Closet(16, num_users=16, outfits_per_user=60, items_per_category=480),
    "closet-40v": Closet(40, 40, 80, items_per_category=1600, slots=_TWO_TOPS, cold_sibling="closet-10v"),
    "closet-10v": Closet(10, num_users=10, outfits_per_user=50, items_per_category=270, slots=_TWO_TOPS),
}
"""The datasets by name; a `v` marks a variable outfit size."""
