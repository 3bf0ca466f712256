"""Shards of a catalogue's features: images are decoded by threads, encoded here, and written by the shard.

Images are decoded some batches ahead while others are encoded, and stay bytes until the model takes them; a
model of feature vectors takes an item's vector as it is. A shard is written when all its items are encoded.
No more than a shard's features and a few batches of images are held. Which items a batch holds depends on its
shard alone, so that a shard's file is the same whichever process encodes it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.machine import usable_cores
from ..core.parquet import parquet_writer
from ..core.progress import progress_bar
from ..datasets.catalogue import Catalogue, CatalogueItem
from ..datasets.images.decode import decode
from ..models import OutfitModel
from .catalogue_features import BrokenItem, Encoder, FeatureShard, Manifest
from .item_inputs import as_float

__all__ = ["encode_shards", "shard_progress"]

_BATCH = 32
_AHEAD = 4
"""Batches a thread that are decoded, or being decoded, before their turn: 20 MB of images at 224 pixels."""


@dataclass
class _Batch:
    """Some items of a shard, and what became of them.

    Attributes:
        shard: Its number.
        items: The items, until they are decoded.
        ends: Whether no others of the shard follow.
        names: Of those that are sound.
        categories: Of these, by number.
        inputs: Of these, what the model sees: images, uint8 (H, W, 3) each, or vectors, float32 (F,) each.
        broken: The others.
    """

    shard: int
    items: list[CatalogueItem]
    ends: bool
    names: list[str] = field(default_factory=list)
    categories: list[int] = field(default_factory=list)
    inputs: list[NDArray[np.uint8] | NDArray[np.float32]] = field(default_factory=list)
    broken: list[BrokenItem] = field(default_factory=list)

    def decoded(self, size: int | None) -> _Batch:
        """The batch with what the model sees in place of its items: images of that size, or vectors."""
        for item in self.items:
            try:
                self.inputs.append(_decoded(item, size))
                self.names.append(item.name)
                self.categories.append(item.category)
            except InputError as error:
                self.broken.append(BrokenItem(item=item.name, found=error.fault.found))
        self.items = []
        return self

    def finite(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of its items' features (n, D) those that are finite; the other items are broken.

        A number that stands for none, such as the largest of float32, is finite, and overflows in the model.
        """
        is_finite = np.isfinite(vectors).all(axis=1)
        found = "what the model makes NaN or infinity of"
        for row in np.flatnonzero(~is_finite).tolist():
            self.broken.append(BrokenItem(item=self.names[row], found=found))
        kept = np.flatnonzero(is_finite).tolist()
        self.names = [self.names[row] for row in kept]
        self.categories = [self.categories[row] for row in kept]
        return vectors[kept]


def encode_shards(
    model: OutfitModel,
    catalogue: Catalogue,
    manifest: Manifest,
    out: Path,
    shard_items: int,
    *,
    threads: int | None = None,
) -> None:
    """Encode the shards that are not finished, and enter in the manifest what became of them.

    Args:
        model: In evaluation mode, on its device.
        catalogue: The items of all shards of the manifest.
        manifest: With the encoder and the shards, finished or not.
        out: Folder of their files.
        shard_items: Items of a shard; the last one may have fewer.
        threads: That decode; one a core if None.

    Raises:
        InputError: If a file cannot be written.
    """
    unfinished = [not shard.finished for shard in manifest.shards]
    wanted = _batches(catalogue, unfinished, shard_items)
    batches = _decoded_ahead(wanted, manifest.encoder.image_size, threads or usable_cores())
    of_shard: list[_Batch] = []
    vectors: list[NDArray[np.float32]] = []
    with shard_progress(catalogue, manifest) as advance:
        for batch in batches:
            vectors.append(batch.finite(_features(model, batch)))
            advance(len(batch.names) + len(batch.broken))
            batch.inputs = []
            of_shard.append(batch)
            if batch.ends:
                shard = manifest.shards[batch.shard]
                done = FeatureShard(
                    file=shard.file,
                    key=shard.key,
                    finished=True,
                    items=sum(len(batch.names) for batch in of_shard),
                    broken=[item for batch in of_shard for item in batch.broken],
                )
                _write_shard(out, done, manifest.encoder, of_shard, np.concatenate(vectors))
                manifest.shards[batch.shard] = done
                of_shard, vectors = [], []


@contextmanager
def shard_progress(catalogue: Catalogue, manifest: Manifest) -> Iterator[Callable[[int], None]]:
    """A bar of the catalogue's items, those of finished shards done; gives what counts further ones."""
    with progress_bar() as progress:
        task = progress.add_task("Encoding the catalogue", total=len(catalogue))
        progress.advance(task, sum(shard.items + len(shard.broken) for shard in manifest.shards))
        yield lambda items: progress.advance(task, items)


def _batches(catalogue: Catalogue, wanted: list[bool], shard_items: int) -> Iterator[_Batch]:
    """The items of the shards that are wanted, a batch at a time."""
    items = catalogue.items()
    for shard, is_wanted in enumerate(wanted):
        left = min(shard_items, len(catalogue) - shard * shard_items)
        while left:
            some = list(islice(items, min(_BATCH, left)))
            left -= len(some)
            if is_wanted:
                yield _Batch(shard, some, ends=not left)


def _decoded(item: CatalogueItem, size: int | None) -> NDArray[np.uint8] | NDArray[np.float32]:
    """What the model sees of an item."""
    content = item.read()
    if not isinstance(content, bytes):
        return content
    assert size is not None, "the catalogue was opened for a model of images"
    return decode(content, item.name, size)


def _decoded_ahead(batches: Iterator[_Batch], size: int | None, threads: int) -> Iterator[_Batch]:
    """The batches with what the model sees, in order, decoded by threads, some batches ahead."""
    waiting: deque[Future[_Batch]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for batch in batches:
            waiting.append(pool.submit(batch.decoded, size))
            if len(waiting) > _AHEAD * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@torch.inference_mode()
def _features(model: OutfitModel, batch: _Batch) -> NDArray[np.float32]:
    if not batch.inputs:
        return np.empty((0, model.feature_size), np.float32)
    device = next(model.parameters()).device
    inputs = torch.from_numpy(np.stack(batch.inputs))
    if inputs.ndim == 4:
        inputs = inputs.permute(0, 3, 1, 2)  # pixels (n, H, W, 3)
    categories = torch.tensor(batch.categories)
    return model.encode_items(as_float(inputs.to(device)), categories.to(device)).float().cpu().numpy()


def _write_shard(
    out: Path, shard: FeatureShard, encoder: Encoder, batches: list[_Batch], vectors: NDArray[np.float32]
) -> None:
    import pyarrow

    names = [name for batch in batches for name in batch.names]
    categories = [encoder.categories[number] for batch in batches for number in batch.categories]
    with parquet_writer(out / shard.file, {"shard": shard.model_dump_json()}) as write:
        write(
            item=pyarrow.array(names, pyarrow.string()),
            category=pyarrow.array(categories, pyarrow.string()),
            features=pyarrow.FixedSizeListArray.from_arrays(vectors.reshape(-1), vectors.shape[1]),
        )
