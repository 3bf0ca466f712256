"""A catalogue's items through a trained model's encoder: decoded by threads, encoded here, kept in shards.

Images are decoded some batches ahead while others are encoded, and stay bytes until the model takes them. A
shard is written when all its items are encoded; what was interrupted finds its finished shards again by a key
of their items, and encodes the others. No more than a shard's features and a few batches of images are held.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ..core.errors import Fault, InputError
from ..core.files import atomic_file, locked, sweep
from ..core.machine import usable_cores
from ..core.parquet import need_pyarrow, parquet_writer
from ..core.progress import progress_bar
from ..datasets.catalogue import Catalogue, CatalogueItem
from ..datasets.images.decode import decode
from ..models import OutfitModel
from .catalogue_features import MANIFEST, BrokenItem, Encoder, FeatureShard, Manifest, finished_shard
from .item_inputs import as_float

__all__ = ["encode_catalogue"]

_BATCH = 32
_AHEAD = 4
"""Batches a thread that are decoded, or being decoded, before their turn: 20 MB of images at 224 pixels."""

_SHARD_ITEMS = 4096


def encode_catalogue(
    model: OutfitModel, catalogue: Catalogue, encoder: Encoder, out: Path, *, shard_items: int = _SHARD_ITEMS
) -> Manifest:
    """Encode what is not encoded yet.

    Args:
        model: In evaluation mode, on its device; it sees images.
        catalogue: The items.
        encoder: Who encodes, as the manifest tells.
        out: Folder for the shards `features-00000.parquet` … and their `manifest.json`.
        shard_items: Items of a shard.

    Returns:
        The manifest, as written.

    Raises:
        InputError: If pyarrow is not installed, the folder holds the features of another model, cannot be
            written, or the catalogue changed while it was read; what is finished stays.
    """
    need_pyarrow(out)
    with locked(out / MANIFEST):
        sweep(out)
        _refuse_others(out / MANIFEST, encoder)
        manifest = Manifest(encoder=encoder)
        _write(out, manifest)
        keys = _keys(catalogue, encoder, shard_items)
        for number, key in enumerate(keys):
            manifest.shards.append(FeatureShard(file=f"features-{number:05}.parquet", key=key))
        _encode_shards(model, catalogue, manifest, out, shard_items)
        change = catalogue.change()
        if not change and _keys(catalogue, encoder, shard_items) != keys:
            change = "images that changed"
        if change:
            fix = "run it again: what did not change is not encoded again"
            raise InputError(Fault("argument --images", f"{change} since the start", "images that stay", fix))
        for left in {*out.glob("features-*.parquet")} - {out / shard.file for shard in manifest.shards}:
            left.unlink()
        manifest = manifest.model_copy(update={"whole": True})
        _write(out, manifest)
    return manifest


def _keys(catalogue: Catalogue, encoder: Encoder, shard_items: int) -> list[str]:
    """What each shard is told by: its items, their images as they are now, and who encodes them."""
    starts = range(0, len(catalogue), shard_items)
    return [f"{encoder.key}-{catalogue.key(first, first + shard_items)}" for first in starts]


def _refuse_others(path: Path, encoder: Encoder) -> None:
    if not path.exists():
        return
    before = Manifest.read(path).encoder
    for name in Encoder.model_fields:
        if (found := getattr(before, name)) != (wanted := getattr(encoder, name)):
            fault = Fault(f"{path}, {name}", f"{found}", f"{wanted}", "give another --out")
            raise InputError(fault)


def _write(out: Path, manifest: Manifest) -> None:
    with atomic_file(out / MANIFEST) as part:
        part.write_text(manifest.model_dump_json(indent=1) + "\n")


@dataclass
class _Batch:
    """Some items of a shard, and what became of them.

    Attributes:
        shard: Its number.
        items: The items, until they are decoded.
        ends: Whether no others of the shard follow.
        names: Of those whose images are sound.
        categories: Of these, by number.
        images: Of these, uint8 (H, W, 3) each.
        broken: The others.
    """

    shard: int
    items: list[CatalogueItem]
    ends: bool
    names: list[str] = field(default_factory=list)
    categories: list[int] = field(default_factory=list)
    images: list[NDArray[np.uint8]] = field(default_factory=list)
    broken: list[BrokenItem] = field(default_factory=list)

    def decoded(self, size: int) -> _Batch:
        """The batch with images in place of its items."""
        for item in self.items:
            try:
                self.images.append(decode(item.read(), item.name, size))
                self.names.append(item.name)
                self.categories.append(item.category)
            except InputError as error:
                self.broken.append(BrokenItem(item=item.name, found=error.fault.found))
        self.items = []
        return self


def _encode_shards(
    model: OutfitModel, catalogue: Catalogue, manifest: Manifest, out: Path, shard_items: int
) -> None:
    """Encode the shards that are not finished, and tell the manifest of all."""
    for number, shard in enumerate(manifest.shards):
        manifest.shards[number] = finished_shard(out / shard.file, shard.key) or shard
    unfinished = [not shard.finished for shard in manifest.shards]
    batches = _decoded(_batches(catalogue, unfinished, shard_items), manifest.encoder.image_size)
    of_shard: list[_Batch] = []
    vectors: list[NDArray[np.float32]] = []
    with progress_bar() as progress:
        task = progress.add_task("Encoding the catalogue", total=len(catalogue))
        progress.advance(task, sum(shard.items + len(shard.broken) for shard in manifest.shards))
        for batch in batches:
            vectors.append(_features(model, batch))
            progress.advance(task, len(batch.names) + len(batch.broken))
            batch.images = []
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


def _decoded(batches: Iterator[_Batch], size: int) -> Iterator[_Batch]:
    """The batches with their images, in order, decoded by a thread a core, some batches ahead."""
    threads = usable_cores()
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
    if not batch.images:
        return np.empty((0, model.feature_size), np.float32)
    device = next(model.parameters()).device
    images = torch.from_numpy(np.stack(batch.images)).permute(0, 3, 1, 2)
    categories = torch.tensor(batch.categories)
    return model.encode_items(as_float(images.to(device)), categories.to(device)).float().cpu().numpy()


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
