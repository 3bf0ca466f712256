"""Who measures is alone, who works is beside others; each waits for the other kind, and says so."""

from __future__ import annotations

import errno
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from outfitbench.core import whole_machine as module
from outfitbench.core.errors import InputError
from outfitbench.core.whole_machine import shared_machine, whole_machine

HOLDING = """
import sys
from outfitbench.core.whole_machine import shared_machine, whole_machine
with {kind}():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("OUTFITBENCH_CACHE", str(tmp_path))


@contextmanager
def another(kind: str) -> Iterator[Callable[[], None]]:
    """Another process that holds the machine until it is told, or killed."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", HOLDING.format(kind=kind)], **pipes) as process:
        assert process.stdout.readline() == "held\n"
        yield process.kill
        process.kill()


@pytest.mark.parametrize(
    ("theirs", "ours", "said"),
    [
        ("shared_machine", whole_machine, "waiting until other trials on this machine are over"),
        ("whole_machine", whole_machine, "waiting until other trials on this machine are over"),
        ("whole_machine", shared_machine, "waiting until costs are measured"),
    ],
)
def test_one_waits_for_the_other_until_its_process_ends(monkeypatch, theirs, ours, said):
    told, waiting, entered = [], threading.Event(), threading.Event()
    monkeypatch.setattr(module, "say", lambda text: (told.append(text), waiting.set()))

    def enter() -> None:
        with ours():
            entered.set()

    with another(theirs) as end:
        thread = threading.Thread(target=enter)
        thread.start()
        assert waiting.wait(30)
        assert not entered.is_set()
        end()
        assert entered.wait(30)
        thread.join()
    assert [text.startswith(said) for text in told] == [True]


def test_those_who_work_do_so_side_by_side(monkeypatch):
    told = []
    monkeypatch.setattr(module, "say", told.append)
    with another("shared_machine"), shared_machine():
        pass
    assert not told


def test_those_who_come_while_costs_wait_do_not_keep_them_waiting(monkeypatch):
    told, waiting, measured, worked = [], threading.Event(), threading.Event(), threading.Event()
    monkeypatch.setattr(module, "say", lambda text: (told.append(text), waiting.set()))

    def measure() -> None:
        with whole_machine():
            measured.set()
            assert not worked.wait(0.2), "who came later waits"

    def work() -> None:
        with shared_machine():
            worked.set()

    with another("shared_machine") as end:
        threads = [threading.Thread(target=each) for each in (measure, work)]
        threads[0].start()
        assert waiting.wait(30)
        threads[1].start()
        assert not worked.wait(0.3)
        end()
        assert measured.wait(30)
        assert worked.wait(30)
        for thread in threads:
            thread.join()
    assert len(told) == 2


def test_where_no_locks_are_kept_trials_run_and_costs_are_refused(monkeypatch):
    def no_locks(*given: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    with shared_machine():
        pass
    with pytest.raises(InputError, match=r"found no locks, .* expected a folder of this machine's own disk"):
        whole_machine().__enter__()
