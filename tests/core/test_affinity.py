from __future__ import annotations

import os
import subprocess
import sys

import pytest
from outfitbench.core.affinity import chosen_cores

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux keeps processes to cores")


@pytest.fixture
def two_threads_a_core(tmp_path, monkeypatch):
    """A machine of four cores with two hardware threads each, 0 and 4 of one core, as Intel numbers them."""
    for core in range(8):
        folder = tmp_path / f"sys/devices/system/cpu/cpu{core}/topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(f"{core % 4},{core % 4 + 4}\n")
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)))
    return tmp_path


@pytest.mark.parametrize(
    ("threads", "cores"), [(1, (0,)), (4, (0, 1, 2, 3)), (5, (0, 1, 2, 3, 4)), (8, tuple(range(8)))]
)
def test_each_core_gives_one_thread_before_any_gives_a_second(two_threads_a_core, threads, cores):
    assert chosen_cores(threads, two_threads_a_core) == cores


def test_only_cores_that_may_be_used_are_chosen(two_threads_a_core, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {1, 5, 6})
    assert chosen_cores(2, two_threads_a_core) == (1, 6)


def test_where_the_system_tells_nothing_of_cores_each_is_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2})
    assert chosen_cores(2, tmp_path) == (0, 1)


def test_threads_that_run_already_are_kept_too():
    last = max(os.sched_getaffinity(0))
    script = f"""
import os, threading
from outfitbench.core.affinity import keep_to
done = threading.Event()
thread = threading.Thread(target=done.wait); thread.start()
keep_to([{last}])
print([os.sched_getaffinity(one) for one in (0, thread.native_id)] == [{{{last}}}, {{{last}}}])
done.set()
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "True\n"
