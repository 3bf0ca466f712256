"""What was recommended from: the dataset's statistics and the scorers that bound what can be learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .markdown import code, escape, table
from .quantities import BLANK, hundredfold, quantity
from .record_choice import spelling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..suites.records import DatasetRecord

__all__ = ["dataset_section"]


def dataset_section(records: Sequence[DatasetRecord]) -> str:
    """Statistics, one column a dataset, and the reference scorers as markdown; empty without records."""
    if not records:
        return ""
    records = _joined(records)
    named = dict(zip(_headings(records), records, strict=True))
    columns = {heading: _statistics(record) for heading, record in named.items()}
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    statistics = table(
        [
            {"": name} | {heading: column.get(name, BLANK) for heading, column in columns.items()}
            for name in names
        ]
    )
    references = [
        {
            "Reference scorer": escape(scorer),
            "Dataset": heading,
            "Negatives": escape(setting),
            "AUC": hundredfold(value),
        }
        for heading, record in named.items()
        for setting, scorers in sorted(
            record.reference.items(), key=lambda pair: (pair[0] != "random", pair[0])
        )
        for scorer, value in sorted(scorers.items(), key=lambda pair: (pair[1], pair[0]))
    ]
    if not references:
        return statistics
    legend = (
        "Reference scorers are no networks: a random order, as the mean over all orders; "
        "the likeness of an outfit's colours to those of "
        "the user's training outfits; and, where the users are made, the hidden truth: how much likelier the "
        "outfit is as one of the user's than as a negative. No model can be expected to rank better than "
        "that. Mean per-user AUC × 100 on the test candidates."
    )
    return f"{statistics}\n\n{table(references, text_columns=3)}\n\n{legend}"


def _joined(records: Sequence[DatasetRecord]) -> list[DatasetRecord]:
    """One record for those that differ in nothing but the settings whose scorers they hold."""
    joined: dict[str, DatasetRecord] = {}
    for record in records:
        alike = spelling(record.model_copy(update={"reference": {}, "candidates": {}}))
        first = joined.get(alike)
        if first is None:
            joined[alike] = record
        elif first.reference.keys() & record.reference.keys():
            joined[spelling(record)] = record
        else:
            both = {
                "reference": first.reference | record.reference,
                "candidates": first.candidates | record.candidates,
            }
            joined[alike] = first.model_copy(update=both)
    return list(joined.values())


def _statistics(record: DatasetRecord) -> dict[str, str]:
    return {
        "Origin": escape(record.origin),
        "Users": f"{record.users:,}",
        "Items": f"{record.items:,} ({_counts(record.items_by_category)})",
        "Outfits": f"{sum(record.outfits.values()):,} ({_counts(record.outfits)})",
        "Items in an outfit": _counts(record.sizes, "{number} in {name}-item outfits"),
        "Outfits an item is in": f"{quantity(record.wears_per_item, '1')} on average",
        "Models see": f"feature vectors of {record.feature_size} numbers"
        if record.feature_size
        else f"images of {record.image_size} × {record.image_size} pixels",
        "Split": escape(record.split_scheme),
        "Left out": _counts(record.left_out) or "nothing",
        "To be known": escape("; ".join(record.notes)) or "nothing odd was found",
        "Content": code(record.data_fingerprint),
    }


def _counts(numbers: Mapping[str, int], form: str = "{number} {name}") -> str:
    return ", ".join(form.format(number=f"{number:,}", name=escape(name)) for name, number in numbers.items())


def _headings(records: Sequence[DatasetRecord]) -> list[str]:
    """Names of the datasets; namesakes (another split, size or set of scorers) are numbered."""
    names = [record.dataset for record in records]
    return [
        escape(name) if names.count(name) == 1 else f"{escape(name)} ({names[: place + 1].count(name)})"
        for place, name in enumerate(names)
    ]
