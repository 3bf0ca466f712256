"""How a benchmark reports what it found: in its `extra_info`, and in a line of its own."""

from __future__ import annotations

import math

from outfitbench.bench.latency import median_ratio, time_in_turns


def percentiles_of(seconds):
    """p50, p95 and p99 of single calls, in seconds; without those that so few cannot tell from the last."""
    ordered = sorted(seconds)
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    return {
        name: ordered[math.ceil(share * len(ordered)) - 1]
        for name, share in shares.items()
        if len(ordered) * (1 - share) >= 1 - 1e-9
    }


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
