"""The figures of a profile: as a row for a person, and as summaries for a program."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..bench import EngineProfile, Measurement

__all__ = ["row", "summaries"]

_FIGURES = {
    "outfits_latency": ("outfits (ms)", 1e3),
    "score_latency": ("from features (ms)", 1e3),
    "score_outfits_latency": ("outfits from features (ms)", 1e3),
    "cold_start": ("new user (ms)", 1e3),
    "throughput": ("outfits/s", 1.0),
    "encode_throughput": ("items/s", 1.0),
    "catalogue": ("items/s from files", 1.0),
    "peak_memory": ("peak memory (MB)", 1e-6),
    "file_size": ("file (MB)", 1e-6),
    "recommend": ("recommend (s)", 1.0),
}
"""By quantity: heading, and what to multiply by."""

_ELSEWHERE = {
    *("latency", "parameters", "buffers", "flops", "load", "compile", "first_call", "peak_memory_reserved"),
    *("recommend_decode", "recommend_encode", "recommend_score", "catalogue_decode", "catalogue_encode"),
}
"""Quantities that have columns of their own, or that only the JSON has."""


def row(profile: EngineProfile) -> dict[str, Any]:
    """The figures that matter first, blank where they were not asked for; the rest is in the JSON."""
    measured = profile.measurements
    cells: dict[str, Any] = {"method": profile.method}
    if profile.variant:
        cells["variant"] = profile.variant
    cells |= {"engine": profile.engine, "device": profile.device}
    if (parameters := measured.get("parameters")) is not None:
        cells["parameters"] = int(parameters.median)
    if (latency := measured.get("latency")) is not None and latency.samples:
        low, high = latency.median_interval()
        cells |= {
            "latency (ms)": latency.median * 1e3,
            "95 % interval": f"{low * 1e3:,.2f}–{high * 1e3:,.2f}" if latency.has_interval else "",
            "p95 (ms)": latency.tail(0.95) * 1e3,
            "p99 (ms)": latency.tail(0.99) * 1e3,
            "n": latency.n,
        }
    if (bound := profile.bounds.get("latency")) is not None:
        cells["of ceiling"] = f"{bound.share:.0%} ({bound.by})"
    for name, (heading, scale) in _FIGURES.items():
        if name in measured:
            cells[heading] = measured[name].median * scale
    for name, one in measured.items():
        if name not in _FIGURES and name not in _ELSEWHERE:
            cells[f"{name} ({one.unit})"] = one.median
    return cells | {"flags": "; ".join(_flags(profile))}


def _flags(profile: EngineProfile) -> list[str]:
    """Each flag once, with the quantities that it is on where those are not all that were timed."""
    timed = [name for name, one in profile.measurements.items() if one.session]
    on: dict[str, list[str]] = dict.fromkeys(profile.flags, timed)
    for name, one in profile.measurements.items():
        for flag in one.remarks:
            if flag not in profile.flags:
                on.setdefault(flag, []).append(name)
    return [flag if names == timed else f"{flag}: {', '.join(names)}" for flag, names in on.items()]


def summaries(profile: EngineProfile) -> dict[str, dict[str, Any]]:
    """By quantity: what is derived of its samples."""
    return {name: _summary(one) for name, one in profile.measurements.items() if one.samples}


def _summary(measured: Measurement) -> dict[str, Any]:
    return {
        "unit": measured.unit,
        "n": measured.n,
        "median": measured.median,
        "median_interval": measured.median_interval() if measured.has_interval else None,
        "mean": measured.mean,
        **{f"p{100 * share:.0f}": _tail(measured, share) for share in (0.95, 0.99)},
    }


def _tail(measured: Measurement, share: float) -> float | None:
    """A high percentile; None where samples are too few for it, for JSON has no NaN."""
    found = measured.tail(share)
    return None if math.isnan(found) else found
