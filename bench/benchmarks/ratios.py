"""How a benchmark reports what it found: in its `extra_info`, and in a line of its own."""

from __future__ import annotations

import math
from statistics import median

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


def report_growth(benchmark, search, sizes, *, rounds, most):
    """Time work of several sizes in turns; fail where the largest takes longer for its size than it may.

    Args:
        benchmark: Whose benchmark it is.
        search: Called with a size's numbers.
        sizes: Numbers of users and of outfits by how many times the work of `sizes[1.0]` they are, up.
        rounds: How often each is timed.
        most: How much longer a unit of the largest work may take than one of the cheapest.
    """
    benchmark.pedantic(search, sizes[1.0], rounds=1)
    if benchmark.disabled:
        return
    calls = {f"{factor:g}": lambda size=size: search(*size) for factor, size in sizes.items()}
    each = {name: median(seconds) / float(name) for name, seconds in time_in_turns(calls, rounds).items()}
    growth = list(each.values())[-1] / min(each.values())
    benchmark.extra_info |= {"seconds_per_work": each, "growth_at_most": most}
    print(f"\n{benchmark.name}: seconds for the same work, by size {each}")
    assert growth <= most
