from __future__ import annotations

import subprocess
import sys
import time

import psutil
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
