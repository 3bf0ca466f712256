"""Throughput against PyTorch as it comes: what other engines and variants gain, and why not more."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .costs import configuration, sampled
from .markdown import Notes, escape, table
from .measured import cell
from .quantities import BLANK, share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..suites.records import CostRecord
    from .costs import CostGroup

__all__ = ["speed_table"]

_RATES = {"encode_throughput": "Encoding", "throughput": "Requests"}
"""What is compared, as rates: the more the better."""

_LEGEND = (
    "Throughput as a multiple of eager PyTorch's in fp32, the median of the ratios turn by turn, within a "
    "session, with its nonparametric interval; encoding in batches of items, requests in batches of outfits. "
    "Of its ceiling: what a row reaches of the rate of products in what it computes most in, or of the "
    "bandwidth. PyTorch's share of the ceiling is what it reaches of the machine's rate of products in fp32, "
    "or of its bandwidth; what its time could be divided by at that ceiling is given as the most in fp32. "
    "Beyond that lead fewer bits and fewer operations alone, and what stands below the table of ceilings."
)


def speed_table(group: CostGroup) -> str:
    """A row for each way in which a model was run beside eager PyTorch in fp32; the fastest of each first."""
    notes = Notes()
    rows = [
        _row(name, base, record, notes)
        for name in _RATES
        for base in group.taken
        if _is_plain(base) and sampled(base, name)
        for record in _fastest_first(name, base, group)
    ]
    return "\n\n".join(filter(None, [table(rows, text_columns=3), _LEGEND, str(notes)])) if rows else ""


def _is_plain(record: CostRecord) -> bool:
    """Whether it is eager PyTorch in fp32, with the weights as they were trained."""
    return record.engine == "torch" and record.precision == "fp32" and not record.variant


def _fastest_first(name: str, base: CostRecord, group: CostGroup) -> Iterator[CostRecord]:
    """How else the same model was run in the session and in the same batches."""
    others = [
        record
        for record in group.taken
        if record is not base
        and (record.method, record.device, record.threads, record.batch, record.session)
        == (base.method, base.device, base.threads, base.batch, base.session)
        and not math.isnan(_times(name, base, record))
    ]
    yield from sorted(others, key=lambda record: _times(name, base, record), reverse=True)


def _times(name: str, base: CostRecord, record: CostRecord) -> float:
    own, plain = sampled(record, name), sampled(base, name)
    return own.ratio_to(plain) if own and plain else math.nan


def _row(name: str, base: CostRecord, record: CostRecord, notes: Notes) -> dict[str, str]:
    own, plain = sampled(record, name), sampled(base, name)
    assert own is not None, "it has a ratio"
    assert plain is not None, "it has a ratio"
    low, high = own.ratio_interval(plain)
    bound, own_bound = base.bounds.get(name), record.bounds.get(name)
    return {
        "Model": escape(base.method),
        "Variant": escape(record.variant) or "as trained",
        "Run by": escape(str(configuration(record))),
        "Of": f"{_RATES[name]} of {record.batch}, {record.input_size} px"
        if record.input_kind == "image"
        else f"{_RATES[name]} of {record.batch}",
        "Throughput": cell(record, name, notes),
        "PyTorch": cell(base, name, notes),
        "Times as fast": f"{own.ratio_to(plain):.2f}",
        "95 % interval": BLANK if math.isnan(low) else f"{low:.2f} to {high:.2f}",
        "Of its ceiling": share(own_bound.share) if own_bound else BLANK,
        "PyTorch's share of the ceiling": share(bound.share) if bound else BLANK,
        "Most in fp32": f"{1 / bound.share:.2f}" if bound and bound.share <= 1 else BLANK,
    }
