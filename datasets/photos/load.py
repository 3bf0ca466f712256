"""A dataset made of a folder of photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset
from ..fingerprint import content_fingerprint
from ..images.folder import FolderImages
from ..images.store import open_store
from ..simulation import Dice, StyleMixture, draw_activity, draw_outfits, draw_tastes
from ..splits import check_scheme, named_splits, resplit
from ..tables import CATEGORIES, OutfitTable
from .folder import PhotoFolder, find_photos
from .looks import measure_looks, rank_levels
from .styles import find_styles, style_contrast, style_weights

__all__ = ["load_photos"]

_LOOK_SIDE = 64
"""Side in pixels at which looks are measured."""

_OUTFITS_PER_USER = 62
_LEAST_USERS = 4

_SEED = 411
_STYLES, _TASTES, _OUTFITS = range(3)


def load_photos(root: Path, *, cache: Path, split: str = "released") -> Dataset:
    """Photographs of garments as items, with simulated users who have a taste for measurable looks.

    The same photographs under the same names give the same outfits. There are about 3.2 item slots for each
    photograph, and as many users as there are 62 outfits.

    Args:
        root: A folder that holds a folder of photographs for each class, at any depth.
        cache: Folder for what is derived.
        split: "released" as simulated: 9 : 2 : 2, no item of a user's training outfits in that user's test
            outfits; or "9:2:2" to split them anew.

    Raises:
        InputError: If the folder or a photograph cannot be used.
    """
    check_scheme(split)
    photos = find_photos(root)
    pictures = FolderImages(photos.paths, cache)
    images = open_store(pictures, _LOOK_SIDE, cache)
    mixture = _imagine_users(rank_levels(measure_looks(images), photos.item_category), photos)
    outfits = _dress(mixture, split)
    tables = named_splits(*outfits)
    return Dataset(
        name="photos",
        origin=_origin(photos),
        num_users=mixture.num_users,
        categories=CATEGORIES,
        item_category=photos.item_category,
        item_names=photos.item_names,
        tables=tables,
        split_scheme=split,
        fingerprint=content_fingerprint(
            photos.item_names, photos.item_category, tables, [pictures.content_key()]
        ),
        cache=cache,
        pictures=pictures,
        hidden=mixture,
        notes=(*photos.notes, *photos.copies(cache)),
    )


def _imagine_users(levels: NDArray[np.int64], photos: PhotoFolder) -> StyleMixture:
    """Styles over the looks, and users with a taste for them."""
    styles = find_styles(levels, Dice(_SEED, _STYLES))
    num_users = max(_LEAST_USERS, _num_outfits(len(levels)) // _OUTFITS_PER_USER)
    return StyleMixture(
        photos.item_category,
        style_weights(levels, styles),
        draw_tastes(num_users, style_contrast(styles), Dice(_SEED, _TASTES)),
    )


def _num_outfits(num_items: int) -> int:
    """Outfits of three for which an item occurs 3.2 times on average."""
    return num_items * 16 // 15


def _dress(mixture: StyleMixture, split: str) -> tuple[OutfitTable, OutfitTable, OutfitTable]:
    """The users' outfits for training, validation and test."""
    dice = Dice(_SEED, _OUTFITS)
    mean = _num_outfits(len(mixture.item_category)) // mixture.num_users
    slots = range(len(CATEGORIES))
    drawn = draw_outfits(mixture, draw_activity(mixture.num_users, mean, dice), slots, 0, dice)
    train, valid, test = drawn["train"], drawn["valid"], drawn["test"]
    if split == "released":
        return train, valid, test
    pool = OutfitTable.concatenate([train, valid, test])
    train, valid, test = (pool.take(rows) for rows in resplit(pool))
    return train, valid, test


def _origin(photos: PhotoFolder) -> str:
    """Where the items come from, and what of the folder is not among them."""
    said = f"{len(photos.paths)} photographs, outfits by simulated users"
    return f"{said}; {photos.classes_left_out}" if photos.left_out else said
