"""How a benchmark reports what it found: in its `extra_info`, and in a line of its own."""

from __future__ import annotations

import math

from outfitbench.bench.latency import median_ratio, time_in_turns


def report_percentiles(benchmark):
    """Add p95 and p99 to a benchmark's table in milliseconds; each of its rounds is one call."""
    if benchmark.disabled:
        return
    ordered = sorted(benchmark.stats.stats.data)
    for share in (0.95, 0.99):
        rank = math.ceil(share * len(ordered)) - 1
        benchmark.extra_info[f"p{share * 100:.0f}_ms"] = ordered[rank] * 1e3


def report_ratio(benchmark, costly, base, *, rounds, most):
    """Time two calls in turns; fail where the median of the pairwise ratios is more than it may be.

    Nothing is timed where benchmarks are disabled: under `--benchmark-disable`, or beside xdist's others.
    """
    if benchmark.disabled:
        return
    seconds = time_in_turns({"costly": costly, "base": base}, rounds)
    ratio = median_ratio(seconds["costly"], seconds["base"])
    benchmark.extra_info |= {"ratio": ratio, "ratio_at_most": most, "rounds": rounds}
    print(f"\n{benchmark.name}: {ratio:.3f} times the bare work, at most {most} is allowed")
    assert ratio <= most, f"{benchmark.name} takes {ratio:.3f} times the bare work, expected at most {most}"
