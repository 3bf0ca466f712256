"""Datasets by name."""

from __future__ import annotations

import dataclasses
import difflib
from pathlib import Path

from .cache import cache_folder
from .closet import CLOSETS, hidden_preference, make_closet
from .closet.spec import GENERATOR_VERSION
from .dataset import Dataset
from .errors import Fault, InputError
from .polyvore import read_tree
from .splits import check_scheme

__all__ = ["PHOTOS", "list_datasets", "load_dataset", "require_root", "tree_root"]

PHOTOS = "photos"
"""The dataset made of a folder of real photographs."""

_POLYVORES = {
    "polyvore-630": "polyvore-53",
    "polyvore-519": "polyvore-32",
    "polyvore-53": None,
    "polyvore-32": None,
}
"""The published sets, each with its set of new users."""


def list_datasets() -> list[str]:
    """The names that `load_dataset` knows.

    Example:
        >>> [name for name in list_datasets() if name.startswith("polyvore")]
        ['polyvore-630', 'polyvore-519', 'polyvore-53', 'polyvore-32']
    """
    return [*CLOSETS, *_POLYVORES, PHOTOS]


def load_dataset(
    name: str, root: Path | str | None = None, *, split: str = "released", cache: Path | None = None
) -> Dataset:
    """A dataset by name.

    Args:
        name: `closet-…` is made on first use; `polyvore-…` and `photos` are read from `root`.
        root: The folder the data lies in: for `polyvore-630` the one that holds `tuples_630`, for `photos`
            the one that holds a folder a class. A Closet can be read from a root, too, like any tree: its
            hidden preference is then not known.
        split: "released", or "9:2:2" to split all outfits anew for each user.
        cache: Folder for what is derived; the usual cache by default.

    Raises:
        InputError: If the name or the split scheme is unknown, the root is missing, or the data is not sound.
    """
    check_scheme(split)
    cache = cache_folder() if cache is None else Path(cache)
    if name == PHOTOS:
        from .photos import load_photos

        return load_photos(require_root(name, root), cache=cache, split=split)
    place = tree_root(name, root, cache)
    dataset = read_tree(place, name, split=split, cache=cache)
    if name in _POLYVORES:
        return dataclasses.replace(dataset, cold_sibling=_POLYVORES[name])
    dataset = dataclasses.replace(dataset, cold_sibling=CLOSETS[name].cold_sibling)
    if root is not None:
        return dataset
    origin = f"drawn by closet version {GENERATOR_VERSION}, seed {CLOSETS[name].seed}"
    return dataclasses.replace(dataset, origin=origin, hidden=hidden_preference(place))


def tree_root(name: str, root: Path | str | None, cache: Path) -> Path:
    """The root of a dataset's tree, made first where the dataset is a Closet and no root is given.

    Raises:
        InputError: If the name is unknown, or the root is missing.
    """
    if name in CLOSETS:
        return make_closet(name, cache) if root is None else Path(root)
    if name not in _POLYVORES:
        known = list_datasets()
        nearest = difflib.get_close_matches(name, known, n=3) or known
        raise InputError(Fault("argument name", repr(name), f"a dataset, such as {', '.join(nearest)}"))
    return require_root(name, root)


def require_root(name: str, root: Path | str | None) -> Path:
    """The folder that a dataset is read from.

    Raises:
        InputError: If none is given, or it is no folder.
    """
    if name == PHOTOS:
        expected = "a folder that holds a folder of photographs for each class"
    else:
        expected = f"a folder that holds tuples_{name.removeprefix('polyvore-')}"
    fix = "name it with root=… or --root"
    if root is None:
        raise InputError(Fault(f"dataset {name}", "no root", expected, fix))
    if not Path(root).is_dir():
        raise InputError(Fault(root, "no such folder", expected, fix))
    return Path(root)
