"""A dataset's statistics as a record."""

from __future__ import annotations

from pathlib import Path

from ..core.hashes import content_hash
from ..datasets import Dataset
from ..datasets.stats import describe
from .record_files import RECORD_FILE, load_record, write_record
from .records import DatasetRecord, Record

__all__ = ["describe_dataset"]


def describe_dataset(dataset: Dataset, image_size: int, out: Path) -> Record:
    """The dataset's record, written on first use.

    Args:
        dataset: What to describe.
        image_size: Pixels of the images that models see.
        out: Folder of the runs.
    """
    seen = {
        "data": dataset.fingerprint,
        "split_scheme": dataset.split_scheme,
        "image_size": image_size,
        "left_out": dict(dataset.left_out),
    }
    folder = out / "datasets" / content_hash(seen)
    if (folder / RECORD_FILE).exists():
        return load_record(folder / RECORD_FILE)
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
        image_size=image_size if dataset.pictures is not None else None,
        feature_size=dataset.vectors.size if dataset.vectors is not None else None,
        left_out=dict(dataset.left_out),
        notes=list(dataset.notes),
    )
    write_record(record, folder)
    return record
