"""Trials side by side in processes of this machine: the records of a quiet run, whoever is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from outfitbench.core.errors import InputError
from outfitbench.core.plugins import load_plugin
from outfitbench.suites import run_suite
from outfitbench.suites.suite_file import Suite

from .dying import DIES, DIES_ONCE, NOT_IN_A_JOB


def rankings(out: Path) -> dict[str, Any]:
    """What evaluations came to, by trial."""
    found = (json.loads(path.read_text()) for path in out.glob("evaluations/*/record.json"))
    return {record["trial"]: record["test"] for record in found}


TOLD_AGAIN_AND_AGAIN = """
import os, signal, threading
from multiprocessing import Pipe
from outfitbench.suites.executors import local

def tell_to_end():
    while True:
        os.kill(os.getpid(), signal.SIGTERM)

signal.signal(signal.SIGTERM, signal.SIG_IGN)
threading.Thread(target=tell_to_end, daemon=True).start()
local.Workplace, local.end_with_parent = (lambda errand: None), (lambda: None)
for _ in range(100):
    ours, theirs = Pipe()
    ours.close()
    local._work(theirs, None, True)
"""


def test_a_job_that_is_told_to_end_at_any_moment_and_again_ends_in_silence() -> None:
    command = [sys.executable, "-c", TOLD_AGAIN_AND_AGAIN]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_jobs_leave_the_records_of_one_job_though_one_is_killed(
    smoke: Suite,
    finished: Path,
    fits_alone: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    out, died, plugin = fits_alone, tmp_path / "died", tmp_path / "dies.py"
    plugin.write_text(DIES_ONCE.format(died=str(died)))
    load_plugin(plugin)
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr("outfitbench.suites.executors.local.usable_cores", lambda: 6)
    suite = smoke.model_copy(update={"scorers": ["dies-once"]})
    outcome = run_suite(suite, out, device="cpu", jobs=2, plugins=[plugin])
    assert not outcome.failed
    assert {**rankings(out), **rankings(finished)} == rankings(out)
    assert died.read_text().split()[1] == "3", "the cores are shared out"
    told, errors = capfd.readouterr()
    assert "[job 1] trial 3 of 5: Teacher XS" in told
    assert "[job 2] trial 4 of 5: FND XS" in told
    assert "died (exit status -9), begun again: dies-once" in told
    assert "Traceback" not in errors, "jobs end in silence"
    assert not list(out.rglob("*claim*")), "nothing is left behind"


@pytest.mark.slow
def test_a_trial_that_kills_its_process_is_given_up_and_the_others_stand(
    smoke: Suite, finished: Path, fits_alone: Path, tmp_path: Path
) -> None:
    out, died, plugin = fits_alone, tmp_path / "died", tmp_path / "dies.py"
    plugin.write_text(DIES.format(died=str(died)))
    load_plugin(plugin)
    suite = smoke.model_copy(update={"scorers": ["dies"]})
    outcome = run_suite(suite, out, device="cpu", jobs=2, plugins=[plugin])
    ((label, message),) = outcome.failed.items()
    assert label.startswith("dies")
    assert message == "its process died 3 times (exit status -9)"
    assert died.read_text().count("died") == 3
    assert rankings(out) == rankings(finished)
    (suite_record,) = (record for record in outcome.records if record.kind == "suite")
    assert list(suite_record.failed.values()) == [(label, message)], "which the report tells"


@pytest.mark.slow
def test_processes_that_die_before_they_are_at_a_trial_end_the_run(
    smoke: Suite, fits_alone: Path, tmp_path: Path
) -> None:
    plugin = tmp_path / "dies.py"
    plugin.write_text(NOT_IN_A_JOB.format(what="os._exit(3)"))
    outcome = run_suite(smoke, fits_alone, device="cpu", jobs=2, plugins=[plugin])
    assert set(outcome.failed.values()) == {"processes died before they began, 3 times (exit status 3)"}


@pytest.mark.slow
def test_what_a_process_cannot_begin_with_ends_the_run_in_a_line(
    smoke: Suite, fits_alone: Path, tmp_path: Path
) -> None:
    plugin = tmp_path / "refuses.py"
    plugin.write_text(NOT_IN_A_JOB.format(what="raise ValueError('not here')"))
    with pytest.raises(InputError, match=r"refuses\.py"):
        run_suite(smoke, fits_alone, device="cpu", jobs=2, plugins=[plugin])


@pytest.mark.parametrize(
    ("on", "message"),
    [
        ("locl", "argument --on: found 'locl', expected an executor; nearest: local"),
        ("local://here", "argument --on: found local://here, expected local, which has no address"),
    ],
)
def test_an_executor_that_there_is_not_is_told_before_fits_are_rehearsed(
    smoke: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on: str, message: str
) -> None:
    monkeypatch.setattr("outfitbench.suites.runner.rehearse_fits", None)  # would fail if it were asked
    with pytest.raises(InputError, match=message):
        run_suite(smoke, tmp_path, device="cpu", on=on)
