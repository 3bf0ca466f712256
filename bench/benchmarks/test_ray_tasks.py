"""What handing trials to a Ray cluster costs: empty ones, and fits of a minute. Needs the extra `ray`."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from outfitbench.bench.latency import seconds_of
from outfitbench.core import ray_cluster
from outfitbench.suites.errand import Errand
from outfitbench.suites.executors import create_executor
from outfitbench.suites.schedule import run_trials
from outfitbench.suites.suite_file import load_suite

from .grid import run_grid, write_grid

pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("ignore")]  # Ray's warnings are not ours

TRIALS, MOST_SECONDS = 1000, 60.0
FITS, EPOCHS, MOST_LOSS = 16, 20, 1.03
"""Fits of a minute, half of them at a time, each half by one and by the other."""


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


@pytest.fixture
def cluster_of_two_cores(monkeypatch):
    """A head with two cores, which commands that are started find."""
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 2, "include_dashboard": False, "include_log_monitor": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    yield
    cluster.shutdown()


@pytest.mark.timeout(3600)
def test_fits_of_a_minute_lose_little_to_local_jobs(benchmark, cluster_of_two_cores, tmp_path):
    """Local, Ray, Ray, local: drift of the machine that is even hits both alike."""
    halves = [
        write_grid(tmp_path / f"grid-{start}.toml", range(start, start + FITS // 2), EPOCHS)
        for start in (0, FITS // 2)
    ]

    def run(on, half):
        out = tmp_path / f"{on} {half}"
        return run_grid(halves[half], out, "--on", on, "--jobs", "2", fits=FITS // 2)

    if benchmark.disabled:
        pytest.skip("nothing else is asked here")
    seconds = {"local": 0.0, "ray": 0.0}
    for on, half in (("local", 0), ("ray", 0), ("ray", 1)):
        seconds[on] += seconds_of(lambda on=on, half=half: run(on, half))
    benchmark.pedantic(run, ("local", 1), rounds=1)
    seconds["local"] += benchmark.stats.stats.max
    found = seconds["ray"] / seconds["local"]
    benchmark.extra_info |= {f"{on}_s": taken for on, taken in seconds.items()} | {"ratio": found}
    print(f"\n{FITS} fits: {seconds}, by Ray {found:.3f} times as long")
    assert found <= MOST_LOSS
