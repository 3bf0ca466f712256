"""A report for other programs: a line for each row of quality, a line for each quantity that was measured."""

from __future__ import annotations

import csv
import io
import math
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ..core.files import atomic_file
from .costs import machine_label
from .table_rows import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from .material import Material

__all__ = ["csv_file", "flat_tables", "parquet_file", "write_parquet"]

FlatRow = dict[str, str | int | float | None]


def flat_tables(material: Material) -> dict[str, list[FlatRow]]:
    """The tables by name: "quality" and "costs". Shares and AUCs in [0, 1], times in s, sizes in bytes.

    One that would be empty is left out. Where there is no number there is None.
    """
    found = {"quality": list(_quality(material)), "costs": list(_costs(material))}
    return {name: rows for name, rows in found.items() if rows}


def _quality(material: Material) -> Iterator[FlatRow]:
    for ranked in material.tables:
        for row in ranked.all_rows:
            metrics: FlatRow = {}
            for metric in METRICS:
                low, high = row.interval(metric) if ranked.users > 1 else (math.nan, math.nan)
                metrics |= {
                    metric: row.mean(metric),
                    f"{metric}_low": _number(low),
                    f"{metric}_high": _number(high),
                    f"{metric}_seed_sd": _number(row.seed_spread(metric)),
                }
            yield {
                "dataset": ranked.dataset,
                "setting": ranked.setting,
                "negatives": ranked.negatives,
                "method": row.name,
                "model": row.model,
                "backbone": row.backbone,
                "objectives": row.objectives,
                "variant": row.variant,
                "parameters": row.parameters,
                "seeds": " ".join(map(str, row.seeds)),
                "users": ranked.users,
                **metrics,
                "data_fingerprint": ranked.data_fingerprint,
                "candidate_fingerprint": ranked.candidate_fingerprint,
                "evaluator_version": ranked.evaluator_version,
            }


def _costs(material: Material) -> Iterator[FlatRow]:
    for group in material.groups:
        for record in group.taken:
            for name, measured in record.measurements.items():
                low, high = measured.median_interval() if measured.has_interval else (math.nan, math.nan)
                yield {
                    "dataset": record.dataset,
                    "method": record.method,
                    "model": record.model,
                    "variant": record.variant,
                    "input_size": record.input_size,
                    "engine": record.engine,
                    "provider": record.provider,
                    "device": record.device,
                    "precision": record.precision,
                    "threads": record.threads,
                    "cores": " ".join(map(str, record.cores)),
                    "workload": record.workload,
                    "batch": record.batch,
                    "outfit_size": record.outfit_size,
                    "quantity": name,
                    "unit": measured.unit,
                    "n": measured.n,
                    "median": _number(measured.median),
                    "median_low": _number(low),
                    "median_high": _number(high),
                    "p95": _number(measured.tail(0.95)),
                    "p99": _number(measured.tail(0.99)),
                    "mean": _number(measured.mean),
                    "sd": _number(measured.sd),
                    "flags": "; ".join([*measured.remarks, *record.flags]),
                    "session": record.session,
                    "date": record.date,
                    "machine": machine_label(record.machine),
                    "trial": record.trial,
                }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def csv_file(rows: Sequence[Mapping[str, Any]]) -> bytes:
    r"""A table as CSV in UTF-8, numbers with all their digits.

    Example:
        >>> csv_file([{"method": "A, B", "auc": 0.5}, {"method": "C", "auc": None}])
        b'method,auc\n"A, B",0.5\nC,\n'
    """
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode()


def parquet_file(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """A table as Parquet.

    Raises:
        ImportError: Where pyarrow (the extra `parquet`) is not installed.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), buffer)
    return buffer.getvalue()


def write_parquet(tables: Mapping[str, Sequence[FlatRow]], out: Path) -> list[str]:
    """Write the tables as Parquet beside a page where that can be; else a line that says why not."""
    if find_spec("pyarrow") is None:
        return ["tables written as CSV alone: Parquet needs pyarrow (the extra parquet)"]
    for name, rows in tables.items():
        with atomic_file(out / f"{name}.parquet") as temporary:
            temporary.write_bytes(parquet_file(rows))
    return []
