"""A dataset: items, outfits with users, splits and candidate sets, however they lie on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.errors import Fault, InputError
from .candidates import stored_candidates
from .images.source import ImageSource
from .images.store import open_store
from .tables import SETTINGS, CandidateSet, OutfitTable
from .user_names import UserNames

__all__ = ["Dataset", "FeatureSource", "HiddenPreference"]


class FeatureSource(Protocol):
    """Items known by a vector each."""

    size: int

    def read(self, ids: NDArray[np.integer]) -> NDArray[np.float32]:
        """Vectors of some items, float32 (n, size)."""
        ...


def _none_released(split: str, setting: str) -> None:
    """Of a dataset that came without negatives."""


class HiddenPreference(Protocol):
    """What a made dataset knows and a real one cannot: how much each user truly likes an outfit."""

    def preference(self, users: NDArray[np.integer], items: NDArray[np.integer]) -> NDArray[np.float64]:
        """True preference of each row, float64 (N,), from users (N,) and items (N, K); greater is better."""
        ...


@dataclass(frozen=True, eq=False, kw_only=True)
class Dataset:
    """Items, outfits with users, splits and candidate sets.

    Attributes:
        name: The name it was loaded by.
        origin: Where it comes from, in one sentence.
        num_users: Users are 0 … num_users − 1.
        categories: Names of the categories, by number.
        item_category: int8 (num_items,), or int16 where there are more than 127 categories.
        item_names: One name an item, unique within its category.
        tables: Outfits by split: "train", "valid", "test", "valid-teacher" and "valid-student" (the halves
            of "valid").
        split_scheme: "released" or "9:2:2".
        fingerprint: Content hash of items, images and outfits, 16 hex digits.
        cache: Folder for what is derived.
        pictures: The items' images, or None.
        vectors: The items' features, or None.
        released_negatives: Reads the negatives that came with the data for (split, setting), in the order of
            their positives, or gives None when there are none.
        hidden: The hidden preference, for made datasets.
        user_names: What users are called where they come from, or None where they are numbers alone.
        anonymous: Whether nobody knows who posted the outfits, which then all stand under user 0.
        cold_sibling: Name of the dataset of new users that goes with this one.
        left_out: How much of the source is not in the dataset, by what it is ("repeated rows of
            tuples_train_posi").
        notes: What else a reader of its numbers should know, a sentence each; whatever is left out is said
            here, with an example.
    """

    name: str
    origin: str
    num_users: int
    categories: tuple[str, ...]
    item_category: NDArray[np.signedinteger]
    item_names: Sequence[str]
    tables: Mapping[str, OutfitTable]
    split_scheme: str
    fingerprint: str
    cache: Path
    pictures: ImageSource | None = None
    vectors: FeatureSource | None = None
    released_negatives: Callable[[str, str], OutfitTable | None] = _none_released
    hidden: HiddenPreference | None = None
    user_names: UserNames | None = None
    anonymous: bool = False
    cold_sibling: str | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def num_items(self) -> int:
        """Number of items."""
        return len(self.item_category)

    @property
    def outfit_size(self) -> int:
        """K, the number of slots of an outfit."""
        return self.tables["train"].items.shape[1]

    def split(self, name: str) -> OutfitTable:
        """The positives of a split.

        Raises:
            InputError: For a name that is none of the splits.
        """
        if name not in self.tables:
            raise InputError(Fault("argument split", repr(name), f"one of {', '.join(self.tables)}"))
        return self.tables[name]

    def candidates(self, split: str, setting: str) -> CandidateSet:
        """The positives of a split with ten fixed negatives each.

        Negatives that came with the data are used as they are. Otherwise they are drawn once and stored; none
        of them is an outfit that its user posted in any split.

        Args:
            split: As for `split`.
            setting: "random" or "hard".

        Raises:
            InputError: For an unknown split or setting, or where there are too few users or items.
        """
        if setting not in SETTINGS:
            raise InputError(Fault("argument setting", repr(setting), f"one of {', '.join(SETTINGS)}"))
        positives = self.split(split)
        released = self.released_negatives(split, setting)
        if released is not None:
            return CandidateSet.join(positives, released)
        return stored_candidates(
            positives,
            setting,
            self.item_category,
            avoid=OutfitTable.concatenate(list(self.tables.values())),
            source=(self.fingerprint, self.split_scheme, split),
            cache=self.cache,
        )

    def truly_liked(self, outfits: OutfitTable) -> NDArray[np.bool_] | None:
        """Whether each outfit is liked at least as much as its user's average training outfit.

        A negative that is truly liked is a false one.

        Args:
            outfits: N of them.

        Returns:
            bool (N,), or None where the hidden preference is not known.
        """
        if self.hidden is None:
            return None
        train = self.split("train")
        own = self.hidden.preference(train.users, train.items)
        posted = np.bincount(train.users, minlength=self.num_users)
        mean = np.bincount(train.users, weights=own, minlength=self.num_users) / np.maximum(posted, 1)
        return self.hidden.preference(outfits.users, outfits.items) >= mean[outfits.users]

    def categories_of(self, items: NDArray[np.integer]) -> NDArray[np.int64]:
        """Category of each item, −1 in empty slots; int64 in the shape of `items`."""
        return np.where(items < 0, -1, self.item_category[items]).astype(np.int64)

    def images(self, ids: NDArray[np.integer], size: int = 64) -> NDArray[np.uint8]:
        """Images of some items from the image store, uint8 (n, size, size, 3).

        Raises:
            InputError: If the items have no images.
        """
        return self.image_array(size)[ids]

    def image_array(self, size: int = 64) -> NDArray[np.uint8]:
        """All images, memory-mapped read-only, uint8 (num_items, size, size, 3); decoded on first use.

        Raises:
            InputError: If the items have no images.
        """
        if self.pictures is None:
            fault = Fault(f"dataset {self.name}", "items without images", "images", "use its features")
            raise InputError(fault)
        return open_store(self.pictures, size, self.cache)

    def features(self, ids: NDArray[np.integer]) -> NDArray[np.float32]:
        """Feature vectors of some items, float32 (n, F).

        Raises:
            InputError: If the items have no features.
        """
        if self.vectors is None:
            fault = Fault(f"dataset {self.name}", "items without features", "features", "use its images")
            raise InputError(fault)
        return self.vectors.read(ids)
