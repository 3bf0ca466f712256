"""Writes a Closet into the cache as a Polyvore-U tree (layout A), once."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...core.errors import Fault, InputError
from ...core.files import atomic_folder, made_once
from ...core.parallel import map_on_all_cores
from ..polyvore.layout import (
    FIXED_HEADER,
    IMAGE_FOLDER,
    VARIABLE_HEADER,
    image_list,
    positives_file,
    tuples_folder,
)
from ..tables import CATEGORIES, NO_ITEM
from .garment import Garment
from .painter import render
from .spec import CLOSETS, GENERATOR_VERSION, Closet
from .truth import TRUTH_FILE
from .world import World, create_world

__all__ = ["make_closet"]

_MANIFEST = "manifest.json"


def make_closet(name: str, cache: Path) -> Path:
    """Make an embedded dataset, or find it made.

    Args:
        name: One of `CLOSETS`.
        cache: Folder under which the dataset is kept.

    Returns:
        Root of the tree: images, tuples, and the hidden model in `truth.json`.

    Raises:
        InputError: For an unknown name, or when the disk is full.
    """
    if name not in CLOSETS:
        raise InputError(Fault("dataset name", repr(name), f"one of {', '.join(CLOSETS)}"))
    root = cache / "closet" / f"{name}-v{GENERATOR_VERSION}"

    def make() -> Path:
        with atomic_folder(root) as folder:
            _write_tree(folder, name, CLOSETS[name])
        return root

    return made_once(root, lambda: root if _is_whole(root) else None, make)


def _write_tree(folder: Path, name: str, closet: Closet) -> None:
    world = create_world(closet)
    tuples = folder / tuples_folder(closet.num_users)
    tuples.mkdir()
    _write_image_lists(tuples, world)
    _write_outfits(tuples, world, closet.slots)
    world.mixture.write(folder / TRUTH_FILE)
    _write_images(folder / IMAGE_FOLDER, world.garments, name)
    _write_manifest(folder)


def _write_image_lists(tuples: Path, world: World) -> None:
    for number, category in enumerate(CATEGORIES):
        members = np.flatnonzero(world.mixture.item_category == number)
        names = "".join(f"{world.garments[item].file_name}\n" for item in members.tolist())
        (tuples / image_list(category)).write_text(names, encoding="utf-8")


def _write_outfits(tuples: Path, world: World, slots: Sequence[int]) -> None:
    header = FIXED_HEADER if len(slots) == len(CATEGORIES) else VARIABLE_HEADER
    first_items = np.searchsorted(world.mixture.item_category, slots)
    for split, outfits in world.outfits.items():
        numbers = np.where(outfits.items == NO_ITEM, NO_ITEM, outfits.items - first_items)
        rows = np.column_stack([outfits.users, numbers]).tolist()
        lines = [",".join(header), *(",".join(map(str, row)) for row in rows)]
        (tuples / positives_file(split)).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_images(folder: Path, garments: Sequence[Garment], name: str) -> None:
    folder.mkdir(parents=True)
    for garment, picture in zip(
        garments,
        map_on_all_cores(lambda item: render(garments[item]), len(garments), f"Drawing {name}"),
        strict=True,
    ):
        (folder / garment.file_name).write_bytes(picture)


def _write_manifest(folder: Path) -> None:
    """Say what a whole tree holds; written last."""
    (folder / _MANIFEST).write_text(json.dumps(_inventory(folder), indent=1) + "\n", encoding="utf-8")


def _is_whole(root: Path) -> bool:
    """Whether a tree still holds what its manifest says."""
    try:
        return json.loads((root / _MANIFEST).read_text(encoding="utf-8")) == _inventory(root)
    except (OSError, ValueError):
        return False


def _inventory(root: Path) -> dict[str, object]:
    """Hashes of the lists, tuples and truth; number and total size of the images, which are many."""
    texts = sorted(path for path in (*root.glob("tuples_*/*"), root / TRUTH_FILE) if path.is_file())
    images = [entry.stat().st_size for entry in os.scandir(root / IMAGE_FOLDER)]
    return {
        "version": GENERATOR_VERSION,
        "texts": {
            path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in texts
        },
        "images": {"number": len(images), "bytes": sum(images)},
    }
