"""A catalogue's shards on the machines of a Ray cluster: a shard is a task.

A task does for its shard what one process does for all of them (`encode_shards`): its threads decode ahead of
the model. So there is one way to encode, and on machines of one kind the same bytes come of it; a shard is
what is begun again when a process or a machine is lost, and what a later call finds again. Ray Data would run
the two stages on machines of their own kinds, but it sends the decoded images from one to the other, many
times the bytes of their files, and its blocks are no shards that a later call could find.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from ..core.errors import Fault, InputError
from ..core.files import atomic_file
from ..core.parquet import need_pyarrow
from ..core.ray_cluster import RayCluster
from ..core.scratch import scratch_folder
from ..core.shared_folder import identify, sees
from ..datasets.catalogue import Catalogue
from ..models import OutfitModel
from .catalogue_features import FeatureShard, Manifest
from .encode_shards import encode_shards, shard_progress
from .model_on_ray import model_from, put_model

__all__ = ["encode_on_ray", "encode_part"]


def encode_on_ray(
    cluster: RayCluster,
    model: OutfitModel,
    catalogue: Catalogue,
    manifest: Manifest,
    out: Path,
    shard_items: int,
) -> None:
    """Encode the shards that are not finished, and enter in the manifest what became of them.

    Args:
        cluster: Whose machines encode; they must see the catalogue's files at the same place.
        model: In evaluation mode, on the CPU.
        catalogue: The items.
        manifest: With the encoder and the shards, finished or not.
        out: Folder of their files. A machine that sees it writes its shards there; those of others come
            through Ray.
        shard_items: Items of a shard; the last one may have fewer.

    Raises:
        InputError: If a machine cannot do its part, with its name, or a shard was lost again and again; the
            shards that have begun are finished before.
    """
    numbers = [number for number, shard in enumerate(manifest.shards) if not shard.finished]
    if not numbers:
        return
    shared = put_model(cluster, model), identify(out)

    def given() -> Iterator[tuple[Any, ...]]:
        for number in numbers:
            part = catalogue.part(number * shard_items, (number + 1) * shard_items)
            own = manifest.model_copy(update={"shards": [manifest.shards[number]]})
            yield *shared, pickle.dumps((part, own, out.absolute(), shard_items))

    with shard_progress(catalogue, manifest) as advance:
        for place, (shard, file) in cluster.gather(
            encode_part, given(), calls=len(numbers), name="encode a shard"
        ):
            if file is not None:
                with atomic_file(out / shard.file) as part:
                    part.write_bytes(file)
            manifest.shards[numbers[place]] = shard
            advance(shard.items + len(shard.broken))


def encode_part(
    device: str, cores: int, model: list[Any], identity: str, work: bytes
) -> tuple[FeatureShard, bytes | None]:
    """Encode a shard on a machine of the cluster.

    Args:
        device: Where.
        cores: That may decode and encode.
        model: Of `put_model`.
        identity: Of the caller's folder.
        work: The shard's items, a manifest of it alone, the caller's folder and how many items a shard has;
            pickled, so that nobody reads it whose package is another.

    Returns:
        The shard, and its file where it does not lie in the caller's folder.

    Raises:
        InputError: If pyarrow is not installed, the files are others than the caller's, or the file cannot
            be written.
    """
    need_pyarrow("argument --on")
    part, manifest, out, shard_items = pickle.loads(work)  # noqa: S301 - of the caller, as the code is
    (shard,) = manifest.shards
    if not shard.key.endswith(part.key(0, shard_items)):
        expected = "the caller's, with the same sizes and times of change"
        fix = "let every machine see the same files; where they changed meanwhile, run it again"
        raise InputError(Fault("argument --images", "no such files, or others", expected, fix))
    torch.set_num_threads(cores)
    with scratch_folder() as scratch:
        there = sees(out, identity)
        folder = out if there else scratch
        encode_shards(model_from(*model, device), part, manifest, folder, shard_items, threads=cores)
        (shard,) = manifest.shards
        return shard, None if there else (folder / shard.file).read_bytes()
