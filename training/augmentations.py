"""Views of an outfit that mean the same: identity, erase, replace (paper, Sec. 3.3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.registry import Registry
from ..datasets import NO_ITEM, OutfitTable

__all__ = [
    "AUGMENTATIONS",
    "Altering",
    "Augmentation",
    "ViewPair",
    "draw_views",
    "every_pair",
    "needs_neighbours",
    "register_augmentation",
]


@dataclass(frozen=True)
class Altering:
    """What an augmentation is asked to do: alter one item of each outfit.

    Attributes:
        items: int32 (N, K), global ids, −1 in empty slots; not to be written to.
        slots: int64 (N,), of each outfit the slot to alter, which holds an item.
        generator: For what is drawn.
        neighbours: int32 (num_items, count), look-alike items of each item, −1 where there are fewer; None
            where nobody needs them.
    """

    items: NDArray[np.int32]
    slots: NDArray[np.int64]
    generator: np.random.Generator
    neighbours: NDArray[np.int32] | None

    @property
    def chosen(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Index of the items to alter, one a row."""
        return np.arange(len(self.items)), self.slots


Augmentation = Callable[[Altering], NDArray[np.int32]]
"""Gives the outfits (N, K) with the chosen items altered, a table of its own.

A function attribute `looks_alike = True` says that it needs the neighbour table.
"""

ViewPair = tuple[str, str]
"""The augmentations of an outfit's first and second view, by name."""

AUGMENTATIONS: Registry[Augmentation] = Registry("augmentation", "outfitbench.training.augmentations")

register_augmentation = AUGMENTATIONS.register
"""Enter an augmentation of outfits: `@register_augmentation("name")` on an `Augmentation`."""


@register_augmentation("identity")
def identity(asked: Altering) -> NDArray[np.int32]:
    """The outfit as it is."""
    return asked.items.copy()


@register_augmentation("erase")
def erase(asked: Altering) -> NDArray[np.int32]:
    """The outfit without one item; of two items one is left, and is still an outfit."""
    view = asked.items.copy()
    view[asked.chosen] = NO_ITEM
    return view


@register_augmentation("replace")
def replace(asked: Altering) -> NDArray[np.int32]:
    """The outfit with one item exchanged for one that looks like it; an item without neighbours stays."""
    assert asked.neighbours is not None  # it looks alike
    view = asked.items.copy()
    worn = view[asked.chosen]
    alike = asked.neighbours[worn]
    known = (alike >= 0).sum(1)
    drawn = (asked.generator.random(len(view)) * known).astype(np.int64)
    view[asked.chosen] = np.where(known > 0, alike[np.arange(len(view)), drawn], worn)
    return view


replace.looks_alike = True  # type: ignore[attr-defined]


def needs_neighbours(names: Sequence[str]) -> bool:
    """Whether one of these augmentations looks items up in the neighbour table.

    Raises:
        InputError: For an unknown name.
    """
    return any(getattr(AUGMENTATIONS.get(name), "looks_alike", False) for name in names)


def every_pair(names: Sequence[str]) -> tuple[ViewPair, ...]:
    """Every pair out of a set of augmentations but (identity, identity), whose views would be alike.

    Example:
        >>> every_pair(["identity", "erase"])
        (('identity', 'erase'), ('erase', 'identity'), ('erase', 'erase'))
    """
    return tuple((a, b) for a in names for b in names if (a, b) != ("identity", "identity"))


def draw_views(
    outfits: OutfitTable,
    pairs: Sequence[ViewPair],
    generator: np.random.Generator,
    neighbours: NDArray[np.int32] | None,
) -> NDArray[np.int32]:
    """Two views of each outfit, by a pair of augmentations that is drawn for it.

    Where both are the same augmentation, they alter different items.

    Args:
        outfits: N outfits of two items or more.
        pairs: What is drawn from, all alike often.
        generator: Draws the pairs, the items and what replaces them.
        neighbours: As of `Altering`.

    Returns:
        int32 (2N, K); rows 2n and 2n + 1 are the views of outfit n.

    Example:
        >>> outfits = OutfitTable(np.int32([0]), np.int32([[4, 7]]))
        >>> views = draw_views(outfits, [("erase", "erase")], np.random.default_rng(0), None)
        >>> sorted(views.max(1).tolist())
        [4, 7]
    """
    items = outfits.items
    names = dict.fromkeys(name for pair in pairs for name in pair)
    chosen = generator.integers(len(pairs), size=len(items))
    first, second = (np.array([pair[view] for pair in pairs])[chosen] for view in (0, 1))
    here, there = _two_slots(items, generator)
    free = _two_slots(items, generator)[0]
    there = np.where(first == second, there, free)
    views = np.empty((2 * len(items), items.shape[1]), dtype=np.int32)
    for view, (which, slots) in enumerate(((first, here), (second, there))):
        for name in names:
            rows = np.flatnonzero(which == name)
            altered = AUGMENTATIONS.get(name)(Altering(items[rows], slots[rows], generator, neighbours))
            views[2 * rows + view] = altered
    return views


def _two_slots(
    items: NDArray[np.int32], generator: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Two different filled slots of each outfit, int64 (N,) each."""
    order = np.argsort(np.where(items >= 0, generator.random(items.shape), 2.0), axis=1)
    return order[:, 0], order[:, 1]
