"""A release kept in the cache as memory maps: opened in a moment, and read from disk as it is used."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.files import atomic_folder
from ..fingerprint import content_fingerprint
from ..splits import SPLITS, halve, split_posts
from ..tables import OutfitTable
from ..user_names import UserNames
from .posts import Posts

__all__ = ["KeptRelease", "keep", "open_kept"]

_ABOUT = "release.json"
_CATEGORIES = "item_category.npy"
_LETTERS, _ENDS = "user_names.npy", "user_name_ends.npy"
_HALVES = ("valid-teacher", "valid-student")
_ROWS = 1 << 20
"""Outfits that are written at a time."""


@dataclass(frozen=True, kw_only=True)
class About:
    """What of a release is no array; as in `Posts` and `Dataset`.

    Attributes:
        named_users: Whether users have names.
        content: Fingerprint of items and outfits; users' names are no part of it.
    """

    categories: Sequence[str]
    item_names: Sequence[str]
    image_files: Sequence[str] | None
    num_users: int
    anonymous: bool
    left_out: Mapping[str, int]
    notes: Sequence[str]
    named_users: bool
    content: str = ""


@dataclass(frozen=True, eq=False)
class KeptRelease:
    """A release as it lies in the cache.

    Attributes:
        about: What is no array.
        item_category: int8 or int16 (num_items,).
        tables: Outfits by split, with the halves of "valid"; memory-mapped and read-only.
        user_names: What users are called, likewise; None where they have no names.
    """

    about: About
    item_category: NDArray[np.signedinteger]
    tables: Mapping[str, OutfitTable]
    user_names: UserNames | None


def open_kept(folder: Path) -> KeptRelease | None:
    """The release in a folder; None where there is none, or not all of it."""
    try:
        about = About(**json.loads((folder / _ABOUT).read_text(encoding="utf-8")))
        tables = {name: OutfitTable(*_mapped(*_files(folder, name))) for name in (*SPLITS, *_HALVES)}
        users = UserNames(*_mapped(folder / _LETTERS, folder / _ENDS)) if about.named_users else None
        return KeptRelease(about, np.load(folder / _CATEGORIES, allow_pickle=False), tables, users)
    except (OSError, ValueError, TypeError):
        return None


def keep(posts: Posts, folder: Path, left_out: Mapping[str, int], notes: Sequence[str]) -> KeptRelease:
    """Split a release and write it into a folder of the cache, whole or not at all.

    Args:
        posts: The release.
        folder: Where it is to lie.
        left_out: Unusable rows, by what they are.
        notes: The same as sentences.

    Raises:
        InputError: If the disk is full or the folder cannot be written.
    """
    parts = split_posts(posts.users, _same(posts)) if posts.parts is None else posts.parts
    about = About(
        categories=posts.categories,
        item_names=posts.item_names,
        image_files=posts.image_files,
        num_users=posts.num_users,
        anonymous=posts.anonymous,
        left_out={**posts.left_out, **left_out},
        notes=[*posts.notes, *notes],
        named_users=posts.user_names is not None,
    )
    with atomic_folder(folder) as part:
        np.save(part / _CATEGORIES, posts.item_category, allow_pickle=False)
        if posts.user_names is not None:
            np.save(part / _LETTERS, posts.user_names.letters, allow_pickle=False)
            np.save(part / _ENDS, posts.user_names.ends, allow_pickle=False)
        for number, name in enumerate(SPLITS):
            _write(part, name, posts, np.flatnonzero(parts == number))
        valid = np.flatnonzero(parts == SPLITS.index("valid"))
        for name, rows in zip(_HALVES, halve(OutfitTable(*_mapped(*_files(part, "valid")))), strict=True):
            _write(part, name, posts, valid[rows])
        tables = {name: OutfitTable(*_mapped(*_files(part, name))) for name in SPLITS}
        content = content_fingerprint(posts.item_names, posts.item_category, tables, posts.image_files or ())
        about = replace(about, content=content)
        (part / _ABOUT).write_text(json.dumps(asdict(about), ensure_ascii=False), encoding="utf-8")
    kept = open_kept(folder)
    assert kept is not None, "it was just written"
    return kept


def _same(posts: Posts) -> NDArray[np.int64]:
    """A number for each post's outfit, equal for equal sets of items."""
    ordered = np.sort(posts.outfits, axis=1)
    return np.unique(ordered, axis=0, return_inverse=True)[1].reshape(-1)[posts.posted]


def _files(folder: Path, name: str) -> tuple[Path, Path]:
    """Of users and items of a split."""
    return folder / f"{name}-users.npy", folder / f"{name}-items.npy"


def _mapped(*paths: Path) -> Iterator[NDArray[Any]]:
    """The arrays in files; an empty one cannot be mapped, and is read."""
    for path in paths:
        found = np.load(path, mmap_mode=None if path.stat().st_size <= 128 else "r", allow_pickle=False)
        yield found


def _write(folder: Path, name: str, posts: Posts, rows: NDArray[np.int64]) -> None:
    users, items = _files(folder, name)
    np.save(users, posts.users[rows], allow_pickle=False)
    shape = (len(rows), posts.outfits.shape[1])
    with items.open("wb") as file:
        header = {"descr": "<i4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, len(rows), _ROWS):
            outfits = posts.outfits[posts.posted[rows[start : start + _ROWS]]]
            file.write(np.ascontiguousarray(outfits, "<i4").data)
