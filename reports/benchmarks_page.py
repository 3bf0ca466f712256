"""What pytest-benchmark left as JSON, in the tables of a report."""

from __future__ import annotations

import datetime
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..core.errors import Fault, InputError
from ..core.names import shown
from .markdown import code, escape, table
from .quantities import BLANK, quantity

__all__ = ["BenchmarkFile", "benchmark_files", "benchmarks_page", "benchmarks_section"]

_PERCENTILES = ("p95", "p99")
_BOUNDED = ("ratio", "ratio_at_most")
_CHECKED = {"expected", "measured"}
_NOT_SHOWN = {"p50", *_PERCENTILES, *_BOUNDED}


class _Foreign(BaseModel):
    """Of another project's file: what is of no use here is passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Stats(_Foreign):
    median: float = Field(gt=0, allow_inf_nan=False)
    mean: float = Field(gt=0, allow_inf_nan=False)
    stddev: float = Field(ge=0, allow_inf_nan=False)
    rounds: int = Field(ge=1)


class _Benchmark(_Foreign):
    name: str
    fullname: str
    group: str | None = None
    params: dict[str, Any] | None = None
    extra_info: dict[str, Any] = {}
    stats: _Stats


class _Cpu(_Foreign):
    brand_raw: str = "a processor that is not named"


class _MachineInfo(_Foreign):
    cpu: _Cpu = _Cpu()
    python_version: str = ""


class _CommitInfo(_Foreign):
    id: str = ""
    dirty: bool = False


class BenchmarkFile(_Foreign):
    """One run of benchmarks.

    Attributes:
        benchmarks: What was timed.
        datetime: When.
        machine_info: Where.
        commit_info: Of which code.
    """

    benchmarks: list[_Benchmark] = Field(min_length=1)
    datetime: str
    machine_info: _MachineInfo
    commit_info: _CommitInfo = _CommitInfo()


def benchmark_files(path: Path, record_file: str) -> list[Path]:
    """What a path holds of pytest-benchmark's: itself, or the files below a folder without records."""
    if path.is_file():
        return [path] if path.name != record_file and _is_benchmark(path) else []
    if not path.is_dir() or next(path.rglob(record_file), None) is not None:
        return []
    return sorted(file for file in path.rglob("*.json") if _is_benchmark(file))


def _is_benchmark(path: Path) -> bool:
    try:
        content = json.loads(path.read_bytes())
    except ValueError:
        return False
    return isinstance(content, dict) and {"benchmarks", "machine_info"} <= content.keys()


def benchmarks_page(files: Sequence[Path]) -> str:
    """A page of its own of some runs of benchmarks; see `benchmarks_section`."""
    intro = "Made by `outfitbench report` from what pytest-benchmark saved."
    return "\n\n".join(["# Benchmarks", intro, benchmarks_section(files, "##")]) + "\n"


def benchmarks_section(files: Sequence[Path], heading: str = "###") -> str:
    """A part for each run of benchmarks, the oldest first, a table for each of its groups; empty without any.

    Args:
        files: What pytest-benchmark saved.
        heading: Of a run, as markdown has it.

    Raises:
        InputError: If a file is none of pytest-benchmark's.
    """
    runs = sorted(map(_load, files), key=lambda run: run.datetime)
    parts = ["Compare within a run only.", *(_section(run, heading) for run in runs)]
    return "\n\n".join(parts) if runs else ""


def _load(path: Path) -> BenchmarkFile:
    try:
        return BenchmarkFile.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = f"{path}: {'.'.join(map(str, first['loc'])) or 'file'}"
        fix = "save it again, with --benchmark-json"
        raise InputError(Fault(where, shown(first["msg"])[1:-1], "a file of pytest-benchmark", fix)) from None


def _section(run: BenchmarkFile, heading: str) -> str:
    groups: dict[str, list[_Benchmark]] = defaultdict(list)
    for benchmark in run.benchmarks:
        groups[benchmark.group or benchmark.fullname.partition("[")[0]].append(benchmark)
    commit = code(run.commit_info.id[:12]) + (" with changes" if run.commit_info.dirty else "")
    where = f"{escape(run.machine_info.cpu.brand_raw)}, Python {escape(run.machine_info.python_version)}"
    parts = [f"{heading} {_minute(run.datetime)}", f"On {where}; code {commit}."]
    for name, members in sorted(groups.items()):
        parts += [f"{heading}# {escape(name)}", _table(members)]
    return "\n\n".join(parts)


def _minute(moment: str) -> str:
    """An ISO time as a reader writes it; anything else as it is."""
    try:
        at = datetime.datetime.fromisoformat(moment)
    except ValueError:
        return escape(moment)
    return f"{at:%Y-%m-%d %H:%M} {at.tzname() or ''}".rstrip()


def _table(members: Sequence[_Benchmark]) -> str:
    if all(one.extra_info.keys() >= _CHECKED for one in members):
        return _checks(members)
    params = list(dict.fromkeys(key for one in members for key in one.params or {}))
    bounded = any(key in one.extra_info for one in members for key in _BOUNDED)
    others = [key for key in _keys(members) if key not in _NOT_SHOWN]
    rows = []
    for one in members:
        told = {} if params else {"Benchmark": escape(one.name)}
        told |= {escape(key): escape(str((one.params or {}).get(key, BLANK))) for key in params}
        told["Median"] = quantity(one.stats.median, "s")
        told |= {name: _seconds(one.extra_info.get(name)) for name in _PERCENTILES}
        told["n"] = str(one.stats.rounds)
        told["Mean"] = f"{quantity(one.stats.mean, 's')} ± {quantity(one.stats.stddev, 's')}"
        if bounded:
            told["Ratio"] = _plain(one.extra_info.get("ratio"))
            told["At most"] = _plain(one.extra_info.get("ratio_at_most"))
        rows.append(told | {escape(key.replace("_", " ")): _plain(one.extra_info.get(key)) for key in others})
    return table(rows, text_columns=len(params) or 1)


def _checks(members: Sequence[_Benchmark]) -> str:
    """What was held against what is known: its own time says nothing."""
    rows = [
        {
            "Check": escape(one.name.removeprefix("test_").replace("_", " ")),
            "Expected": _plain(one.extra_info["expected"]),
            "Measured": _plain(one.extra_info["measured"]),
        }
        for one in members
    ]
    return table(rows, text_columns=3)


def _keys(members: Iterable[_Benchmark]) -> list[str]:
    return sorted({key for one in members for key in one.extra_info})


def _seconds(value: object) -> str:
    return quantity(value, "s") if isinstance(value, float) and math.isfinite(value) else BLANK


def _plain(value: object) -> str:
    match value:
        case None:
            return BLANK
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return f"{value:,.4g}" if math.isfinite(value) else BLANK
        case _:
            return escape(str(value))
