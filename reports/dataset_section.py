"""What was recommended from: the dataset's statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .markdown import code, escape, table
from .quantities import BLANK, quantity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..suites.records import DatasetRecord

__all__ = ["dataset_section"]


def dataset_section(records: Sequence[DatasetRecord]) -> str:
    """Statistics, one column a dataset, as markdown; empty without records."""
    if not records:
        return ""
    named = dict(zip(_headings(records), records, strict=True))
    columns = {heading: _statistics(record) for heading, record in named.items()}
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    return table(
        [
            {"": name} | {heading: column.get(name, BLANK) for heading, column in columns.items()}
            for name in names
        ]
    )


def _statistics(record: DatasetRecord) -> dict[str, str]:
    sizes = " and ".join(f"{size} × {size}" for size in record.image_sizes or [record.image_size])
    return {
        "Origin": escape(record.origin),
        "Users": f"{record.users:,}",
        "Items": f"{record.items:,} ({_counts(record.items_by_category)})",
        "Outfits": f"{sum(record.outfits.values()):,} ({_counts(record.outfits)})",
        "Items in an outfit": _counts(record.sizes, "{number} in {name}-item outfits"),
        "Outfits an item is in": f"{quantity(record.wears_per_item, '1')} on average",
        "Models see": f"feature vectors of {record.feature_size} numbers"
        if record.feature_size
        else f"images of {sizes} pixels",
        "Split": escape(record.split_scheme),
        "Left out": _counts(record.left_out) or "nothing",
        "To be known": escape("; ".join(record.notes)) or "nothing odd was found",
        "Content": code(record.data_fingerprint),
    }


def _counts(numbers: Mapping[str, int], form: str = "{number} {name}") -> str:
    return ", ".join(form.format(number=f"{number:,}", name=escape(name)) for name, number in numbers.items())


def _headings(records: Sequence[DatasetRecord]) -> list[str]:
    """Names of the datasets; namesakes (another split or size) are numbered."""
    names = [record.dataset for record in records]
    return [
        escape(name) if names.count(name) == 1 else f"{escape(name)} ({names[: place + 1].count(name)})"
        for place, name in enumerate(names)
    ]
