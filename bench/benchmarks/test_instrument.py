"""The instrument itself: what is known is measured as what it is, and measuring costs next to nothing."""

from __future__ import annotations

import gc
import time
from itertools import chain
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from outfitbench.bench import Subject, profile_subjects
from outfitbench.bench.effort import Effort
from outfitbench.bench.latency import collector_off, median_ratio
from outfitbench.bench.measurement import Measurement
from outfitbench.bench.workloads import WORKLOADS, ServedModel

ROUNDS, SAMPLES, RUNS = 8, 20, 21


class KnownEngine:
    """Answers after a known time."""

    def __init__(self, wait):
        self._wait = wait

    def encode_items(self, items, categories):
        return items

    def score(self, users, features, categories):
        self._wait()
        return np.zeros(len(users), np.float32)

    def to_host(self, features):
        return features

    def synchronize(self):
        pass

    def device_seconds(self, request, samples):
        return []


def busy_millisecond():
    """As a model does, and unlike a sleep it ends when it should."""
    end = time.perf_counter_ns() + 1_000_000
    while time.perf_counter_ns() < end:
        pass


def latencies(wait, samples=SAMPLES):
    """One turn of the workload "request", with a warm-up of its own."""
    subject = Subject(model="known", num_users=3, input_kind="features", input_size=8)
    served = ServedModel(KnownEngine(wait), subject, 1, 3, warm_seconds=0.05, turn_seconds=60.0)
    turn = WORKLOADS.get("request")().turn(served, Effort(samples=samples), None)
    return turn.samples["latency"]


@pytest.fixture(autouse=True)
def little_to_collect():
    """Whatever the tests have imported is left out of the collections before each measurement."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def tell(benchmark):
    """Says what was measured and what was to be found; skips where nothing is timed."""
    if benchmark.disabled:
        pytest.skip("benchmarks are disabled")
    benchmark.group = "the instrument"
    benchmark.pedantic(lambda: None)
    return lambda measured, expected: benchmark.extra_info.update(measured=measured, expected=expected)


def test_a_sleep_of_five_milliseconds_is_measured_as_that(tell):
    found = median(latencies(lambda: time.sleep(0.005), samples=100))
    tell(f"{found * 1e3:.3f} ms", "5 ms ± 5 %")
    assert found == pytest.approx(0.005, rel=0.05)


def test_the_harness_adds_less_than_two_percent_to_a_millisecond(tell):
    bare, measured = [], []
    for _ in range(10):
        with collector_off():
            start = [time.perf_counter_ns() for _ in range(SAMPLES + 1) if not busy_millisecond()]
        bare.append(float(np.median(np.diff(start))) / 1e9)
        measured.append(median(latencies(busy_millisecond)))
    ratio = median_ratio(measured, bare)
    tell(f"{ratio:.4f} of a bare loop", "below 1.02")
    assert ratio < 1.02


def test_two_runs_agree_or_say_that_they_may_not(tell):
    """Their medians, turn by turn: within 5 %, or one of them carries a flag."""
    effort = Effort(rounds=ROUNDS, samples=SAMPLES, warm_seconds=1.0, turn_seconds=5.0)
    subject = Subject(model="student-xs", num_users=3, input_size=64)
    asked = {"engines": ["torch", "onnxruntime"], "workloads": ["request"], "effort": effort}
    runs = [list(profile_subjects([subject], **asked)) for _ in range(2)]
    found, silent = [], []
    for rows in zip(*runs, strict=True):
        one, other = (row.measurements["latency"] for row in rows)
        ratio = median_ratio(other.turn_medians, one.turn_medians)
        flagged = any([*one.remarks, *other.remarks, *rows[0].flags, *rows[1].flags])
        found.append(f"{ratio:.3f}{' (flagged)' if flagged else ''}")
        silent += [] if flagged else [ratio]
    tell(f"ratios of two runs {', '.join(found)}", "1 ± 5 %, or flagged")
    assert all(ratio == pytest.approx(1, abs=0.05) for ratio in silent)


def test_256_mebibytes_are_measured_as_that(tell, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))  # for the process that is measured
    monkeypatch.setattr("outfitbench.bench.seat.check_parity", lambda *_: None)  # it answers 0
    effort = Effort(rounds=1, samples=1, warm_seconds=0.01, turn_seconds=0.1)
    subject = Subject(model="student-xs", num_users=3, input_size=64)
    (row,) = profile_subjects([subject], engines=["holding:Holding"], workloads=["start"], effort=effort)
    found = row.measurements["peak_memory"].median / 2**20
    tell(f"{found:.1f} MiB", "256 MiB ± 5 %")
    assert found == pytest.approx(256, rel=0.05)


def test_a_model_against_itself_is_as_fast_as_itself(tell):
    """In 20 of 21 runs the ratio's interval holds 1."""
    matrix = np.random.default_rng(0).standard_normal((200, 200), dtype=np.float32)

    held = 0
    for _ in range(RUNS):
        sides = [[], []]
        for _ in range(ROUNDS):
            for side in sides:
                side.append(latencies(lambda: matrix @ matrix))
        one, other = (
            Measurement(unit="s", samples=[*chain(*turns)], turns=[len(turn) for turn in turns])
            for turns in sides
        )
        low, high = one.ratio_interval(other)
        held += low <= 1 <= high
    tell(f"the ratio's interval holds 1 in {held} of {RUNS} runs", f"{RUNS - 1} or more")
    assert held >= RUNS - 1
