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
    """Statistics as markdown: of several datasets first their sizes, one row each as in the paper's Table 1.

    Empty without records.
    """
    if not records:
        return ""
    named = dict(zip(_headings(records), records, strict=True))
    columns = {heading: _statistics(record) for heading, record in named.items()}
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    details = table(
        [
            {"": name} | {heading: column.get(name, BLANK) for heading, column in columns.items()}
            for name in names
        ]
    )
    sizes = [
        {
            "Dataset": heading,
            "Users": f"{record.users:,}",
            "Outfits": f"{sum(record.outfits.values()):,}",
            "Items": f"{record.items:,}",
        }
        for heading, record in named.items()
    ]
    return "\n\n".join([table(sizes), details] if len(sizes) > 1 else [details])


def _statistics(record: DatasetRecord) -> dict[str, str]:
    return {
        "Origin": escape(record.origin),
        "Users": f"{record.users:,}",
        "Items": f"{record.items:,} ({_counts(record.items_by_category)})",
        "Outfits": f"{sum(record.outfits.values()):,} ({_counts(record.outfits)})",
        "Items in an outfit": _counts(record.sizes, "{number} in {name}-item outfits"),
        "Outfits an item is in": f"{quantity(record.wears_per_item, '1')} on average",
        "Models see": _seen(record),
        "Split": escape(record.split_scheme),
        "Left out": _counts(record.left_out) or "nothing",
        "To be known": escape("; ".join(record.notes)) or "nothing odd was found",
        "Content": code(record.data_fingerprint),
    }


def _seen(record: DatasetRecord) -> str:
    """What models see of an item; blank where no model saw any."""
    if record.feature_size:
        return f"feature vectors of {record.feature_size} numbers"
    sizes = record.image_sizes or [record.image_size] * (record.image_size is not None)
    return f"images of {' and '.join(f'{size} × {size}' for size in sizes)} pixels" if sizes else BLANK


def _counts(numbers: Mapping[str, int], form: str = "{number} {name}") -> str:
    return ", ".join(form.format(number=f"{number:,}", name=escape(name)) for name, number in numbers.items())


def _headings(records: Sequence[DatasetRecord]) -> list[str]:
    """Names of the datasets; namesakes (another split or size) are numbered."""
    names = [record.dataset for record in records]
    return [
        escape(name) if names.count(name) == 1 else f"{escape(name)} ({names[: place + 1].count(name)})"
        for place, name in enumerate(names)
    ]
