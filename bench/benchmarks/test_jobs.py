"""Trials on this machine: what it costs to hand them out, and what two jobs on two cores gain."""

from __future__ import annotations

import os

import pytest
from outfitbench.bench.latency import seconds_of
from outfitbench.core.plugins import load_plugin
from outfitbench.suites import load_suite, run_suite

from .grid import run_grid, write_grid

TRIALS, MOST_SECONDS = 1000, 60.0
FITS, EPOCHS, LEAST_GAIN = 8, 10, 1.7
"""Fits of half a minute on one thread."""

NOTHING = """
import numpy as np
from outfitbench.evaluation import Scorer, register_scorer


class Nothing(Scorer):
    '''All outfits alike.'''

    def score(self, outfits):
        return np.zeros(len(outfits))


for number in range({trials}):
    register_scorer(f"nothing-{{number}}")(type("Nothing", (Nothing,), {{"__doc__": Nothing.__doc__}}))
"""


@pytest.fixture
def two_cores(monkeypatch):
    """No more than two, whatever the machine has."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    allowed = os.sched_getaffinity(0)
    if len(allowed) < 2:
        pytest.skip("there is but one core")
    os.sched_setaffinity(0, sorted(allowed)[:2])
    yield
    os.sched_setaffinity(0, allowed)


def test_a_thousand_trials_that_rank_nothing_in_a_minute(benchmark, two_cores, tmp_path):
    """Claims, records and the ranking of ties included, and the processes' start."""
    plugin, suite = tmp_path / "nothing.py", tmp_path / "suite.toml"
    plugin.write_text(NOTHING.format(trials=TRIALS))
    load_plugin(plugin)
    names = [f"nothing-{number}" for number in range(TRIALS)]
    suite.write_text(
        f'title = "Nothing"\ndatasets = ["closet-12"]\nscorers = {names}\nshuffled_users = false\n'
    )
    asked = {"device": "cpu", "jobs": 2, "plugins": [plugin]}
    run = benchmark.pedantic(run_suite, (load_suite(suite), tmp_path / "out"), asked, rounds=1)
    assert not run.failed
    assert len(list((tmp_path / "out").glob("evaluations/*/record.json"))) == TRIALS
    if not benchmark.disabled:
        benchmark.extra_info |= {"trials": TRIALS, "most_seconds": MOST_SECONDS}
        assert benchmark.stats.stats.max < MOST_SECONDS


@pytest.mark.timeout(1800)
def test_two_jobs_gain_on_one(benchmark, two_cores, tmp_path):
    """Against one job of one thread, and against one of two, each a command from its start to its report."""
    suite = write_grid(tmp_path / "grid.toml", range(FITS), EPOCHS)
    fit_seconds = {}

    def run(jobs, threads):
        environment = {"OMP_NUM_THREADS": f"{threads}"} if jobs == 1 else {}
        out = tmp_path / f"{jobs} of {threads}"
        found = run_grid(suite, out, "--jobs", f"{jobs}", fits=FITS, **environment)
        fit_seconds[f"{jobs} of {threads}"] = found

    if benchmark.disabled:
        pytest.skip("nothing else is asked here")
    # The first to run would else draw and decode the garments for those that follow.
    run_grid(write_grid(tmp_path / "first.toml", [0], 1), tmp_path / "first", fits=1)
    both = seconds_of(lambda: benchmark.pedantic(run, (2, 1), rounds=1))
    one_thread, two_threads = (seconds_of(lambda threads=threads: run(1, threads)) for threads in (1, 2))
    found = {"two_jobs_s": both, "one_thread_s": one_thread, "two_threads_s": two_threads}
    # Where a fit takes longer beside another one, the machine has no two cores' worth of memory and caches.
    benchmark.extra_info |= {**found, "gain_at_least": LEAST_GAIN, "fit_s": fit_seconds}
    print(f"\n{FITS} fits: {found}, a gain of {one_thread / both:.2f}; a fit alone: {fit_seconds}")
    assert one_thread / both >= LEAST_GAIN
    assert both <= two_threads
