from __future__ import annotations

import subprocess
import sys
import time
from collections import namedtuple

import psutil
import pytest
from outfitbench.bench.other_load import TOLERATED, OtherLoad
from outfitbench.core.machine import usable_cores

BURN = "import time; end = time.monotonic() + 0.6\nwhile time.monotonic() < end: pass"


def test_a_stranger_that_burns_is_seen():
    # Started by a shell that ends at once, it is no child of ours.
    watch = OtherLoad()
    subprocess.run(f"'{sys.executable}' -c '{BURN}' &", shell=True, check=True)
    time.sleep(0.7)
    assert watch.share > TOLERATED
    assert watch.flags()[0].startswith("shared processor (")


def test_a_child_of_ours_is_no_stranger():
    watch = OtherLoad()
    with subprocess.Popen([sys.executable, "-c", BURN.replace("0.6", "60")]) as child:
        time.sleep(0.6)
        share = watch.share
        burnt = sum(psutil.Process(child.pid).cpu_times()[:2]) / (0.6 * usable_cores())
        child.kill()
    assert burnt > 0.1
    assert share <= 1 - burnt + 0.05


def test_a_child_of_ours_that_has_ended_is_none_either():
    watch = OtherLoad()
    with subprocess.Popen([sys.executable, "-c", BURN]) as child:
        before = psutil.Process().cpu_times().children_user
        child.wait()
    burnt = (psutil.Process().cpu_times().children_user - before) / (0.6 * usable_cores())
    share = watch.share
    assert burnt > 0.1
    assert share <= 1 - burnt + 0.05


def test_what_others_do_on_other_cores_does_not_count(monkeypatch):
    """Of four cores the first is idle all the time, and the others are not."""
    Times = namedtuple("Times", ["user", "idle"])
    started = time.monotonic()

    def cpu_times(percpu):
        passed = time.monotonic() - started
        return [Times(0.0, passed)] + 3 * [Times(passed, 0.0)]

    monkeypatch.setattr(psutil, "cpu_times", cpu_times)
    idle, busy = OtherLoad([0]), OtherLoad([0, 3])
    time.sleep(0.3)
    assert idle.share == 0.0
    assert busy.share == pytest.approx(0.5, abs=0.2)
