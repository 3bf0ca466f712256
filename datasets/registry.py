"""Datasets by name."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ..core.cache import cache_folder
from ..core.errors import Fault, InputError
from ..core.registry import Registry
from .closet import CLOSETS, hidden_preference, make_closet
from .closet.spec import GENERATOR_VERSION
from .dataset import Dataset
from .polyvore import read_tree
from .polyvore.tree import find_tree
from .releases import POG_LIKES, RELEASES, load_release, make_pog_like
from .splits import check_scheme

__all__ = [
    "DATASETS",
    "PHOTOS",
    "POLYVORES",
    "DatasetLoader",
    "is_drawn",
    "list_datasets",
    "load_dataset",
    "needs_root",
    "register_dataset",
    "release_root",
    "require_root",
    "tree_root",
]

PHOTOS = "photos"
"""The dataset made of a folder of real photographs."""

POLYVORES = {
    "polyvore-630": "polyvore-53",
    "polyvore-519": "polyvore-32",
    "polyvore-53": None,
    "polyvore-32": None,
}
"""The published sets, each with its set of new users."""

DatasetLoader = Callable[..., Dataset]
"""`(name, root, split, cache) -> Dataset`, with the root (a `Path`, or None) and the options of
`load_dataset`. One that can leave unusable rows out also takes `skip_unusable` by name."""

DATASETS: Registry[DatasetLoader] = Registry("dataset")

Loader = TypeVar("Loader", bound=DatasetLoader)


def register_dataset(name: str) -> Callable[[Loader], Loader]:
    """A decorator that makes a loader known by a name; see `DatasetLoader`.

    Args:
        name: Lower-case words and digits joined by hyphens.

    Raises:
        InputError: If the name is malformed, or taken by another loader.
    """
    return DATASETS.register(name)


def list_datasets() -> list[str]:
    """The names that `load_dataset` knows, sorted.

    Closets and `pog-synthetic` are made on first use; all others are read from disk and need a `root`.

    Example:
        >>> [name for name in list_datasets() if not name.startswith(("closet", "polyvore"))]
        ['iqon', 'photos', 'pog', 'pog-synthetic']
    """
    return DATASETS.names()


def needs_root(name: str) -> bool:
    """Whether a dataset of the package is read from disk alone, rather than made on first use.

    Example:
        >>> [needs_root(name) for name in ("closet-12", "photos")]
        [False, True]
    """
    return name == PHOTOS or name in POLYVORES or (name in RELEASES and name not in POG_LIKES)


def is_drawn(name: str, root: Path) -> bool:
    """Whether a dataset is a Closet of which no copy lies in a root, to be read there like any tree."""
    if name not in CLOSETS:
        return False
    try:
        find_tree(root, name)
    except InputError:
        return True
    return False


def load_dataset(
    name: str,
    root: Path | str | None = None,
    *,
    split: str = "released",
    cache: Path | None = None,
    skip_unusable: bool = False,
) -> Dataset:
    """A dataset by name.

    Args:
        name: `closet-…` and `pog-synthetic` are made on first use; all others are read from `root`.
        root: The folder the data lies in: for `polyvore-630` the one that holds `tuples_630`, for `photos`
            the one that holds a folder a class, for `iqon`, `pog` and `polyvore-outfits` that of the release.
            A Closet can be read from a root, too, like any tree: its hidden preference is then not known.
        split: "released", or "9:2:2" to split all outfits anew for each user.
        cache: Folder for what is derived; the usual cache by default.
        skip_unusable: Whether rows of outfits that cannot be used are left out, counted and said
            (`Dataset.left_out`, `Dataset.notes`), instead of refused; of a release also those with an item
            whose image is no file. Repeated rows always are.

    Raises:
        InputError: If the name or the split scheme is unknown, the root is missing, or the data is not sound.
    """
    check_scheme(split)
    loader = DATASETS.get(name, "argument name")
    place = None if root is None else Path(root)
    cache = cache_folder() if cache is None else Path(cache)
    options: dict[str, Any] = {}
    if skip_unusable:
        if "skip_unusable" not in inspect.signature(loader).parameters:
            expected = "a dataset that is read from rows of outfits"
            raise InputError(
                Fault("argument skip_unusable", f"the dataset {name}", expected, "leave it away")
            )
        options["skip_unusable"] = True
    return loader(name, place, split, cache, **options)


def _load_closet(
    name: str, root: Path | None, split: str, cache: Path, skip_unusable: bool = False
) -> Dataset:
    """Drawn garments and simulated users whose taste is known."""
    place = tree_root(name, root, cache)
    dataset = read_tree(place, name, split=split, cache=cache, skip_unusable=skip_unusable)
    dataset = dataclasses.replace(dataset, cold_sibling=CLOSETS[name].cold_sibling)
    if root is not None:
        return dataset
    origin = f"drawn by closet version {GENERATOR_VERSION}, seed {CLOSETS[name].seed}"
    return dataclasses.replace(dataset, origin=origin, hidden=hidden_preference(place))


def _load_polyvore(
    name: str, root: Path | None, split: str, cache: Path, skip_unusable: bool = False
) -> Dataset:
    """Outfits that users of Polyvore posted, read from disk."""
    place = tree_root(name, root, cache)
    dataset = read_tree(place, name, split=split, cache=cache, skip_unusable=skip_unusable)
    return dataclasses.replace(dataset, cold_sibling=POLYVORES[name])


@register_dataset(PHOTOS)
def _load_photos(name: str, root: Path | None, split: str, cache: Path) -> Dataset:
    """Real photographs in a folder a class, worn by simulated users, read from --root."""
    from .photos import load_photos

    return load_photos(require_root(name, root), cache=cache, split=split)


def _load_release(
    name: str, root: Path | None, split: str, cache: Path, skip_unusable: bool = False
) -> Dataset:
    """A set as its authors released it, or one made in that form."""
    place = release_root(name, root, cache)
    return load_release(name, place, split=split, cache=cache, skip_unusable=skip_unusable)


for _name in CLOSETS:
    register_dataset(_name)(_load_closet)
for _name in POLYVORES:
    register_dataset(_name)(_load_polyvore)
for _name in RELEASES:
    register_dataset(_name)(_load_release)


def tree_root(name: str, root: Path | str | None, cache: Path) -> Path:
    """The root of a dataset's tree, made first where the dataset is a Closet and no root is given.

    Raises:
        InputError: If the name is no tree's, or the root is missing.
    """
    if name in CLOSETS:
        return make_closet(name, cache) if root is None else _copied(name, Path(root))
    if name not in POLYVORES:
        DATASETS.get(name, "argument name")
        raise InputError(Fault("argument name", name, "a dataset that is read from a tree of tuples"))
    return require_root(name, root)


def release_root(name: str, root: Path | str | None, cache: Path) -> Path:
    """The root of a release, made first where it is one of a program's and no root is given.

    Raises:
        InputError: If the root is missing.
    """
    if name in POG_LIKES and root is None:
        return make_pog_like(name, cache)
    return require_root(name, root)


def _copied(name: str, root: Path) -> Path:
    """The root of a Closet that is read as any tree.

    Raises:
        InputError: If there is no such tree; a drawn dataset needs none.
    """
    try:
        find_tree(root, name)
    except InputError as error:
        expected = f"the tree of {name}, a drawn dataset that was copied there"
        raise InputError(Fault(root, error.fault.found, expected, "without --root it is drawn")) from error
    return root


def require_root(name: str, root: Path | str | None) -> Path:
    """The folder that a dataset is read from.

    Raises:
        InputError: If none is given, or it is no folder.
    """
    if name in POLYVORES:
        expected = f"a folder that holds tuples_{name.removeprefix('polyvore-')}"
    elif name == PHOTOS:
        expected = "a folder that holds a folder of photographs for each class"
    elif name in RELEASES:
        expected = RELEASES[name].needs
    else:
        expected = "the folder that the dataset lies in"
    fix = "name it with root=… or --root"
    if root is None:
        raise InputError(Fault(f"dataset {name}", "no root", expected, fix))
    if not Path(root).is_dir():
        raise InputError(Fault(root, "no such folder", expected, fix))
    return Path(root)
