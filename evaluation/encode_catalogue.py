"""A catalogue's items through a trained model's encoder: a folder of shards, and the manifest of them.

What was interrupted finds its finished shards again by a key of their items, and encodes the others, here
(`encode_shards`) or on a Ray cluster (`encode_on_ray`).
"""

from __future__ import annotations

from pathlib import Path

from ..core.errors import Fault, InputError
from ..core.files import atomic_file, locked, sweep
from ..core.parquet import need_pyarrow
from ..core.ray_cluster import RayCluster
from ..datasets.catalogue import Catalogue
from ..models import OutfitModel
from .catalogue_features import MANIFEST, Encoder, FeatureShard, Manifest, finished_shard
from .encode_on_ray import encode_on_ray
from .encode_shards import encode_shards

__all__ = ["encode_catalogue"]

_SHARD_ITEMS = 4096


def encode_catalogue(
    model: OutfitModel,
    catalogue: Catalogue,
    encoder: Encoder,
    out: Path,
    *,
    shard_items: int = _SHARD_ITEMS,
    cluster: RayCluster | None = None,
) -> Manifest:
    """Encode what is not encoded yet.

    Args:
        model: In evaluation mode, on its device (of a cluster: on the CPU).
        catalogue: The items, with what the model sees of them.
        encoder: Who encodes, as the manifest tells.
        out: Folder for the shards `features-00000.parquet` … and their `manifest.json`.
        shard_items: Items of a shard.
        cluster: Whose machines encode; this process if None.

    Returns:
        The manifest, as written.

    Raises:
        InputError: If pyarrow is not installed, the folder holds the features of another model, cannot be
            written, or the catalogue changed while it was read, or a machine of the cluster cannot do its
            part; what is finished stays.
    """
    need_pyarrow(out)
    with locked(out / MANIFEST):
        sweep(out)
        _refuse_others(out / MANIFEST, encoder)
        manifest = Manifest(encoder=encoder)
        _write(out, manifest)
        keys = _keys(catalogue, encoder, shard_items)
        for number, key in enumerate(keys):
            shard = FeatureShard(file=f"features-{number:05}.parquet", key=key)
            manifest.shards.append(finished_shard(out / shard.file, key) or shard)
        if cluster is None:
            encode_shards(model, catalogue, manifest, out, shard_items)
        else:
            encode_on_ray(cluster, model, catalogue, manifest, out, shard_items)
            sweep(out)  # what was begun by processes that were killed
        change = catalogue.change()
        if not change and _keys(catalogue, encoder, shard_items) != keys:
            change = "files that changed"
        if change:
            fix = "run it again: what did not change is not encoded again"
            raise InputError(Fault("argument --images", f"{change} since the start", "files that stay", fix))
        for left in {*out.glob("features-*.parquet")} - {out / shard.file for shard in manifest.shards}:
            left.unlink()
        manifest = manifest.model_copy(update={"whole": True})
        _write(out, manifest)
    return manifest


def _keys(catalogue: Catalogue, encoder: Encoder, shard_items: int) -> list[str]:
    """What each shard is told by: its items, their files as they are now, and who encodes them."""
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
        part.write_text(manifest.model_dump_json(indent=1, exclude_none=True) + "\n")
