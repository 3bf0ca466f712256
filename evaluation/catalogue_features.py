"""What became of a catalogue's items: a folder of Parquet shards, and the manifest that says by whom."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from ..core.errors import Fault, InputError
from ..core.hashes import content_hash
from ..core.names import shown
from ..core.parquet import open_parquet
from ..core.progress import tracked
from ..core.stored_rows import StoredRows
from ..datasets.encoded_features import MANIFEST
from .item_names import ItemNames

if TYPE_CHECKING:
    import pyarrow

__all__ = [
    "MANIFEST",
    "BrokenItem",
    "CatalogueFeatures",
    "Encoder",
    "FeatureShard",
    "Manifest",
    "finished_shard",
]

_COLUMNS = {"item": "its name", "category": "its name", "features": "a list of float32"}
_ROWS_AT_ONCE = 1 << 14


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Encoder(_Part):
    """Who encoded the items, and how they were seen: as images, or as feature vectors.

    Attributes:
        method: The row's name in a table.
        model: The zoo's name of the model.
        weights: Hash of the weights file.
        categories: Names of the categories, by number.
        image_size: H = W in pixels; None where vectors were seen.
        decoder: Version of how files become pixels; None where vectors were seen.
        vector_size: F, the width of the vectors that were seen; None where images were.
        feature_size: Width of an item's features.
    """

    method: str
    model: str
    weights: str
    categories: list[str]
    image_size: int | None = None
    decoder: int | None = None
    vector_size: int | None = None
    feature_size: int

    @property
    def key(self) -> str:
        """Hash of all that decides what an item's features are."""
        return content_hash(self.model_dump(exclude={"method"}, exclude_none=True))


class BrokenItem(_Part):
    """An item without features.

    Attributes:
        item: Its name.
        found: What is wrong with it.
    """

    item: str
    found: str


class FeatureShard(_Part):
    """A file of features.

    Attributes:
        file: Its name.
        key: Of the encoder and of the items, their images or vectors included.
        finished: Whether it is written.
        items: How many it holds.
        broken: Those that it should hold and does not.
    """

    file: str
    key: str
    finished: bool = False
    items: int = 0
    broken: list[BrokenItem] = []


class Manifest(_Part):
    """What a folder of features holds.

    Attributes:
        encoder: Who encoded.
        whole: Whether all shards are finished.
        shards: The files in the catalogue's order.
    """

    encoder: Encoder
    whole: bool = False
    shards: list[FeatureShard] = []

    @property
    def items(self) -> int:
        """Items with features."""
        return sum(shard.items for shard in self.shards)

    @property
    def broken(self) -> list[BrokenItem]:
        """Items without."""
        return [item for shard in self.shards for item in shard.broken]

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read one.

        Raises:
            InputError: If there is none, or it is none of ours.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            reason = f"no {MANIFEST} ({(error.strerror or str(error)).lower()})"
            fix = "make it with `outfitbench encode`"
            raise InputError(Fault(path.parent, reason, "a folder of features", fix)) from error
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            found = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
            raise InputError(Fault(path, found, "what `outfitbench encode` writes")) from error


def finished_shard(path: Path, key: str) -> FeatureShard | None:
    """The shard as it is written; None where it is not, or is of other items, or cannot be read."""
    if not path.exists():
        return None
    try:
        notes = open_parquet(path, _COLUMNS).schema_arrow.metadata or {}
        shard = FeatureShard.model_validate_json(notes.get(b"shard", b""))
    except (InputError, ValidationError):
        return None
    return shard if shard.key == key else None


class CatalogueFeatures:
    """The features of a catalogue's items, by name.

    What grows with their number, their names among it, lies in files.

    Args:
        folder: What `outfitbench encode` wrote.
        scratch: Folder for files that are of use as long as this is.

    Attributes:
        manifest: Its manifest.
        vectors: float32 (n, D).
        categories: int16 (n,), by number in the encoder's categories.

    Raises:
        InputError: If it is no such folder, is not finished, holds no item, or names one twice.
    """

    def __init__(self, folder: Path, scratch: Path) -> None:
        self.manifest = Manifest.read(folder / MANIFEST)
        if not self.manifest.whole:
            fix = "run `outfitbench encode` again; it goes on where it stopped"
            raise InputError(Fault(folder, "features that are not whole", "a finished folder", fix))
        if not self.manifest.items:
            raise InputError(Fault(folder, "features of no item", "an item at least"))
        self._folder = folder
        encoder = self.manifest.encoder
        number = {name: place for place, name in enumerate(encoder.categories)}
        self._rows = ItemNames((some.to_pylist() for some in self._column("item")), scratch)
        if self._rows.repeated is not None:
            every = chain.from_iterable(some.to_pylist() for some in self._column("item"))
            twice = next(islice(every, self._rows.repeated, None))
            raise InputError(Fault(folder, f"item {shown(twice)} twice", "a name for each item"))
        of_items = (
            np.array([number[name] for name in some.to_pylist()], np.int16)
            for some in self._column("category")
        )
        self.categories = StoredRows(scratch / "categories", of_items, np.int16)
        width = encoder.feature_size
        vectors = (some.flatten().to_numpy().reshape(len(some), width) for some in self._column("features"))
        self.vectors = StoredRows(scratch / "vectors", vectors, np.float32, (width,))

    def rows(self, names: list[str]) -> NDArray[np.int64]:
        """Rows of items by name, int64 (n,); −1 for one that has no features."""
        return self._rows.rows(names)

    def _column(self, name: str) -> Iterator[pyarrow.Array]:
        """A column of all shards, some rows at a time."""
        for shard in tracked(self.manifest.shards, "reading the catalogue's features"):
            file = open_parquet(self._folder / shard.file, _COLUMNS)
            if file.metadata.num_rows != shard.items:
                found = f"{file.metadata.num_rows} items"
                raise InputError(
                    Fault(self._folder / shard.file, found, f"{shard.items}, as the manifest says")
                )
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=[name]):
                yield batch.column(0)
