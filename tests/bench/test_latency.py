from __future__ import annotations

import gc
import itertools
import time

import pytest
from outfitbench.bench.latency import collector_off, median_ratio, time_calls, time_in_turns, warm_up


def test_a_call_that_sleeps_takes_that_long():
    seconds = time_calls(lambda: time.sleep(0.02), 5)
    assert len(seconds) == 5
    assert 0.02 <= sorted(seconds)[2] < 0.03


def test_every_call_is_a_sample_of_its_own():
    naps = itertools.cycle([0.001, 0.03])
    seconds = time_calls(lambda: time.sleep(next(naps)), 6)
    assert max(seconds[::2]) < 0.02 <= min(seconds[1::2])


def test_waiting_before_a_call_is_not_timed_and_after_it_is():
    naps = iter([0.05, 0.01])
    (seconds,) = time_calls(lambda: None, 1, wait=lambda: time.sleep(next(naps)))
    assert 0.01 <= seconds < 0.05


def test_the_collector_is_off_inside_and_as_before_outside():
    inside = []
    time_calls(lambda: inside.append(gc.isenabled()), 2)
    assert inside == [False, False]
    assert gc.isenabled()
    with pytest.raises(KeyError), collector_off():
        raise KeyError
    assert gc.isenabled()


def test_a_cap_ends_the_samples_early():
    assert len(time_calls(lambda: time.sleep(0.01), 1000, cap_seconds=0.05)) < 10


def test_warm_is_when_two_windows_agree():
    # Tenths of seconds hide the scheduler's jitter: 2 % of them is more than a nap can be late by.
    naps = itertools.chain([0.06] * 5, itertools.repeat(0.1))
    calls = itertools.count()

    def call() -> None:
        next(calls)
        time.sleep(next(naps))

    assert warm_up(call, cap_seconds=60)
    assert next(calls) >= 15


def test_what_never_settles_is_given_up():
    naps = itertools.count(1)
    assert not warm_up(lambda: time.sleep(0.001 * next(naps)), cap_seconds=0.1)


def test_what_takes_long_is_called_twice_to_warm_it():
    calls = itertools.count()

    def call() -> None:
        next(calls)
        time.sleep(0.05)

    warm_up(call, cap_seconds=0.01)
    assert next(calls) == 2


def test_turns_have_rounds_outermost():
    order = []
    seconds = time_in_turns({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 3)
    assert "".join(order) == "ababab"
    assert [len(samples) for samples in seconds.values()] == [3, 3]


def test_drift_leaves_the_median_of_pairwise_ratios_alone():
    drift = [1.0, 5.0, 2.0, 9.0]
    assert median_ratio([3 * d for d in drift], drift) == 3.0
