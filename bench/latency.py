"""Timing calls one by one."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import median

__all__ = ["collector_off", "median_ratio", "seconds_of", "time_calls", "time_in_turns", "warm_up"]

_WINDOW = 5
_AGREEMENT = 0.02


def seconds_of(call: Callable[[], object]) -> float:
    """Wall time of one call.

    Example:
        >>> seconds_of(lambda: time.sleep(0.01)) >= 0.01
        True
    """
    start = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - start) / 1e9


def time_calls(
    call: Callable[[], object],
    samples: int,
    *,
    cap_seconds: float = math.inf,
    wait: Callable[[], object] = lambda: None,
) -> list[float]:
    """Wall time of each of some calls, the garbage collector off.

    Every call is a sample: blocks of calls would give means, whose p95 and p99 are not the calls'.

    Args:
        call: What is timed.
        samples: How many times.
        cap_seconds: When to stop short of that, though not before the first sample.
        wait: Waits until the device is idle; done before each call, and as the timed end of it.
    """

    def finished_call() -> None:
        call()
        wait()

    seconds: list[float] = []
    with collector_off():
        while len(seconds) < samples and sum(seconds) <= cap_seconds:
            wait()
            seconds.append(seconds_of(finished_call))
    return seconds


def warm_up(call: Callable[[], object], *, cap_seconds: float) -> bool:
    """Call until two windows in a row agree within 2 % in their medians.

    Args:
        call: What is warmed up.
        cap_seconds: When to give up; at least two windows are called, which this ends early, too.

    Returns:
        Whether the windows agreed.
    """
    deadline = time.monotonic() + cap_seconds
    before = median(time_calls(call, _WINDOW, cap_seconds=cap_seconds))
    while True:
        now = median(time_calls(call, _WINDOW, cap_seconds=cap_seconds))
        if abs(now - before) <= _AGREEMENT * before:
            return True
        if time.monotonic() > deadline:
            return False
        before = now


@contextmanager
def collector_off() -> Iterator[None]:
    """No garbage collection inside; what has gathered is collected before."""
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def time_in_turns(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Wall time of some calls that are compared, rounds outermost: drift of the machine hits all alike.

    Args:
        calls: What is compared, by name.
        rounds: How often each is called.

    Returns:
        Seconds by name, in the order of the rounds.
    """
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            seconds[name] += time_calls(call, 1)
    return seconds


def median_ratio(costs: Sequence[float], base: Sequence[float]) -> float:
    """Median of the ratios of costs that were measured in the same round.

    Example:
        >>> median_ratio([2.0, 3.0, 40.0], [1.0, 2.0, 10.0])
        2.0
    """
    return median(cost / other for cost, other in zip(costs, base, strict=True))
