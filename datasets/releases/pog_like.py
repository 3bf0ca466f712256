"""Trees of POG's form and size made by a program: to see what a large set costs, not to learn from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.files import atomic_folder, locked

__all__ = ["POG_LIKES", "PogLike", "make_pog_like", "write_pog_like"]

GENERATOR_VERSION = 1
"""Raised when the same description would give another tree."""

_KINDS = 5
"""An outfit has no two items of one kind: what a top, a bottom, shoes, a bag and a hat are elsewhere."""

_CATEGORIES_OF_A_KIND = 16
_LEAST_ITEMS = 3
_LINES = 1 << 18
"""Lines that are written at a time."""


@dataclass(frozen=True, kw_only=True)
class PogLike:
    """How large a tree is.

    Attributes:
        outfits: Outfits of 3 to 5 items each.
        items: Items, a fifth of each kind, in 80 categories.
        users: Users, of whom half have one post, a quarter two, and so on; two on average, but for repeats.
        seed: Of everything drawn.
    """

    outfits: int
    items: int
    users: int
    seed: int = 2019


POG_LIKES = {"pog-synthetic": PogLike(outfits=1_013_136, items=583_464, users=3_569_112)}
"""Made trees by the names of their datasets; the numbers are POG's."""


def make_pog_like(name: str, cache: Path) -> Path:
    """The root of a made tree, written on first use.

    Args:
        name: One of `POG_LIKES`.
        cache: Folder for what is derived.

    Raises:
        InputError: If the disk is full or the folder cannot be written.
    """
    root = cache / "releases" / f"{name}-tree-{GENERATOR_VERSION}"
    with locked(root):
        if not root.is_dir():
            with atomic_folder(root) as part:
                write_pog_like(POG_LIKES[name], part)
    return root


def write_pog_like(size: PogLike, root: Path) -> None:
    """Write `outfit_data.txt`, `item_data.txt` and `user_data.txt`.

    Items and outfits are worn and posted the more often the smaller their number: number n of N with a
    probability that falls as 1 / √n.

    Args:
        size: How large, and the seed.
        root: A folder that is there.
    """
    rng = np.random.default_rng(size.seed)
    items = np.arange(size.items)
    categories = items % _KINDS * _CATEGORIES_OF_A_KIND + items // _KINDS % _CATEGORIES_OF_A_KIND
    about = zip(items.tolist(), categories.tolist(), strict=True)
    _write(
        root / "item_data.txt", (f"i{item},c{kind:02d},//img.example/{item}.jpg,made" for item, kind in about)
    )
    _write(root / "outfit_data.txt", _outfit_lines(size, rng))
    _write(root / "user_data.txt", _user_lines(size, rng))


def _often_first(count: int, shape: int | tuple[int, ...], rng: np.random.Generator) -> NDArray[np.int64]:
    return (count * rng.random(shape) ** 2).astype(np.int64)


def _outfit_lines(size: PogLike, rng: np.random.Generator) -> Iterator[str]:
    worn = _often_first(size.items // _KINDS, (size.outfits, _KINDS), rng) * _KINDS + np.arange(_KINDS)
    counts = rng.integers(_LEAST_ITEMS, _KINDS + 1, size.outfits)
    for number, (row, count) in enumerate(zip(worn.tolist(), counts.tolist(), strict=True)):
        yield f"o{number},{';'.join(f'i{item}' for item in row[:count])}"


def _user_lines(size: PogLike, rng: np.random.Generator) -> Iterator[str]:
    users = np.repeat(np.arange(size.users), rng.geometric(0.5, size.users))
    posts = np.unique(users * size.outfits + _often_first(size.outfits, len(users), rng))
    clicked = _often_first(size.items, len(posts), rng)
    for start in range(0, len(posts), _LINES):
        part = slice(start, start + _LINES)
        by, of = np.divmod(posts[part], size.outfits)
        for user, item, outfit in zip(by.tolist(), clicked[part].tolist(), of.tolist(), strict=True):
            yield f"u{user},i{item},o{outfit}"


def _write(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)
