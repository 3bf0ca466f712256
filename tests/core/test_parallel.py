"""Work on all cores: in order, not far ahead of the reader, and failing at the first fault."""

from __future__ import annotations

import threading
import time

import pytest
from outfitbench.core import parallel
from outfitbench.core.parallel import map_on_all_cores


@pytest.mark.parametrize("count", [0, 1, 7, 500])
def test_results_come_in_order(count):
    def slow_at_first(number: int) -> int:
        time.sleep(0.01 if number == 0 else 0)
        return number

    assert list(map_on_all_cores(slow_at_first, count, "Counting")) == list(range(count))


@pytest.mark.usefixtures("two_cores")
def test_runs_on_several_threads():
    together = threading.Barrier(2, timeout=20)
    list(map_on_all_cores(lambda number: together.wait(), 2, "Meeting"))  # a single thread would wait in vain


@pytest.mark.usefixtures("two_cores")
def test_does_not_run_far_ahead_of_a_slow_reader():
    begun: list[int] = []
    results = map_on_all_cores(begun.append, 1000, "Counting")
    next(results)
    time.sleep(0.05)
    assert len(begun) <= 2 * parallel._AHEAD + 1
    results.close()


@pytest.mark.usefixtures("two_cores")
def test_stops_at_the_first_fault():
    begun: list[int] = []

    def fail(number: int) -> None:
        begun.append(number)
        raise KeyError(number)

    with pytest.raises(KeyError, match="0"):
        list(map_on_all_cores(fail, 1000, "Failing"))
    assert len(begun) <= 2 * parallel._AHEAD + 1


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(parallel, "usable_cores", lambda: 2)
