"""What handing trials to a Ray cluster costs: a thousand that do nothing. Needs the extra `ray`."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from outfitbench.core import ray_cluster
from outfitbench.suites.errand import Errand
from outfitbench.suites.executors import create_executor
from outfitbench.suites.schedule import run_trials
from outfitbench.suites.suite_file import load_suite

pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("ignore")]  # Ray's warnings are not ours

TRIALS, MOST_SECONDS = 1000, 60.0


@dataclass
class EmptyTrial:
    """As much of a trial as the schedule and the executor look at."""

    hash: str
    inputs: dict = field(default_factory=dict)
    kind: str = "evaluation"

    @property
    def label(self):
        return self.hash


def doing_nothing():
    """A task; made in a function, it goes to the processes as it is, as they cannot import this file."""
    return lambda *given: ("here", None, (("", ""), None))


def test_a_thousand_empty_trials_in_a_minute(benchmark, tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(ray_cluster, "entrance", doing_nothing)
    executor = create_executor("ray", Errand(load_suite("smoke"), tmp_path, "cpu"))
    try:
        warm = [EmptyTrial(f"warm {number}") for number in range(10)]
        assert not run_trials(warm, tmp_path, executor)
        trials = [EmptyTrial(str(number)) for number in range(TRIALS)]
        failed = benchmark.pedantic(run_trials, (trials, tmp_path, executor), rounds=1)
    finally:
        executor.close()
    assert not failed
    if not benchmark.disabled:
        benchmark.extra_info |= {"trials": TRIALS, "most_seconds": MOST_SECONDS}
        assert benchmark.stats.stats.max < MOST_SECONDS
