"""A dataset's statistics as a record."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from ..core.hashes import content_hash
from ..datasets import Dataset
from ..datasets.stats import describe
from .record_files import RECORD_FILE, load_record, write_record
from .records import DatasetRecord

__all__ = ["describe_dataset"]


def describe_dataset(dataset: Dataset, image_sizes: Collection[int], out: Path) -> DatasetRecord:
    """The dataset's record, written on first use.

    Args:
        dataset: What to describe.
        image_sizes: Pixels of the images that each of the models sees, where they see images; none without
            models.
        out: Folder of the runs.
    """
    sizes = sorted(set(image_sizes))
    seen: dict[str, Any] = {
        "data": dataset.fingerprint,
        "split_scheme": dataset.split_scheme,
        "image_size": sizes[-1] if sizes else None,
        "left_out": dict(dataset.left_out),
    }
    if len(sizes) > 1:
        seen["image_sizes"] = sizes
    folder = out / "datasets" / content_hash(seen)
    if (folder / RECORD_FILE).exists():
        known = load_record(folder / RECORD_FILE)
        assert isinstance(known, DatasetRecord), "a folder of datasets holds their records"
        return known
    statistics = describe(dataset)
    record = DatasetRecord(
        dataset=dataset.name,
        data_fingerprint=dataset.fingerprint,
        split_scheme=dataset.split_scheme,
        origin=dataset.origin,
        users=dataset.num_users,
        items=dataset.num_items,
        items_by_category=statistics.items_by_category,
        outfits=statistics.outfits,
        sizes=statistics.sizes,
        wears_per_item=statistics.wears_per_item,
        image_size=sizes[-1] if sizes and dataset.pictures is not None else None,
        image_sizes=sizes if dataset.pictures is not None else [],
        feature_size=dataset.vectors.size if dataset.vectors is not None else None,
        left_out=dict(dataset.left_out),
        notes=list(dataset.notes),
    )
    write_record(record, folder)
    return record
