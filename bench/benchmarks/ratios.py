"""How a benchmark reports what it found: in its `extra_info`, and in a line of its own."""

from __future__ import annotations

import math

from outfitbench.bench.latency import median_ratio, time_in_turns


def report_percentiles(benchmark):
    """Add p95 and p99 to a benchmark's table in milliseconds; each of its rounds is one call."""
    ordered = sorted(benchmark.stats.stats.data)
    for share in (0.95, 0.99):
        rank = math.ceil(share * len(ordered)) - 1
        benchmark.extra_info[f"p{share * 100:.0f}_ms"] = ordered[rank] * 1e3


def report_ratio(benchmark, costly, base, *, rounds, most):
    """Time two calls in turns; report the median of the pairwise ratios beside the most it should be."""
    seconds = time_in_turns({"costly": costly, "base": base}, rounds)
    ratio = median_ratio(seconds["costly"], seconds["base"])
    benchmark.extra_info |= {"ratio": ratio, "ratio_at_most": most, "rounds": rounds}
    print(f"\n{benchmark.name}: {ratio:.3f} times the bare work, should be at most {most}")
