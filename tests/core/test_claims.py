"""Claims: one process at a time, whoever is killed whenever, and on file systems that know no locks."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from outfitbench.core import claims
from outfitbench.core.claims import Claim


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mark_of(place: Path) -> Path:
    (mark,) = place.iterdir()
    return mark


def rewrite(mark: Path, **changes: object) -> None:
    mark.write_text(json.dumps(json.loads(mark.read_text()) | changes))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """The claim of a living process on another machine."""
    place = tmp_path / "claim"
    assert Claim(place).take()
    rewrite(mark_of(place), host="another", name="node-7", process=12)
    return place


WORK = """
import os, random, sys, time
from pathlib import Path
from outfitbench.core.claims import Claim, _started

folder, moments = Path(sys.argv[1]), random.Random(os.getpid())
while not (folder / "over").exists():
    claim = Claim(folder / "claim")
    if not claim.take():
        time.sleep(0.001)
        continue
    for other in (folder / "inside").iterdir():
        if _started(int(other.name)) is not None:
            (folder / "two").write_text(f"{other.name} and {os.getpid()}")
        other.unlink(missing_ok=True)
    (folder / "inside" / str(os.getpid())).touch()
    time.sleep(moments.uniform(0, 0.003))
    (folder / "inside" / str(os.getpid())).unlink(missing_ok=True)
    with (folder / "turns").open("a") as file:
        file.write("x")
    claim.release()
"""


def test_whoever_is_killed_whenever_one_is_inside_and_nothing_stays(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    moments = random.Random(3)

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", WORK, str(tmp_path)], stderr=subprocess.PIPE)

    workers = [start() for _ in range(3)]
    turns = tmp_path / "turns"
    for _ in range(6):
        before = turns.stat().st_size if turns.exists() else 0
        while not turns.exists() or turns.stat().st_size < before + 10:  # it goes on after each kill
            time.sleep(0.005)
        time.sleep(moments.uniform(0, 0.005))
        victim = workers.pop(0)
        victim.kill()
        victim.communicate()
        workers.append(start())
    (tmp_path / "over").touch()
    for worker in workers:
        _, stderr = worker.communicate(timeout=30)
        assert worker.returncode == 0, stderr.decode()
    assert not (tmp_path / "two").exists()
    last = Claim(tmp_path / "claim")
    assert last.take()
    last.release()
    assert [name for name in left(tmp_path) if "claim" in name] == []


def test_a_process_number_that_is_anothers_now_holds_nothing(tmp_path: Path) -> None:
    place = tmp_path / "claim"
    assert Claim(place).take()
    assert not Claim(place).clear()
    rewrite(mark_of(place), started="1")
    assert Claim(place).clear()
    assert left(tmp_path) == []


def test_an_owner_elsewhere_is_gone_when_it_is_not_heard_of(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(claims.time, "monotonic", lambda: now)
    watching = Claim(elsewhere)
    assert not watching.take()
    assert watching.holder() == "process 12 on node-7"
    now += claims._LEASE_SECONDS - 1
    os.utime(mark_of(elsewhere), (5, 5))  # a sign of life, by a clock that differs
    assert not watching.take()
    now += claims._LEASE_SECONDS - 1
    assert not watching.take()
    assert not Claim(elsewhere).take(), "who looks for the first time has not watched"
    now += 1
    assert watching.take()


def test_who_comes_back_finds_that_it_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "_BEAT_SECONDS", 0.01)
    place = tmp_path / "claim"
    suspended, other = Claim(place), Claim(place)
    assert suspended.take()
    mark_of(place).unlink()
    assert other.take()
    end = time.monotonic() + 10
    while not suspended.lost and time.monotonic() < end:
        time.sleep(0.01)
    assert suspended.lost
    suspended.release()
    assert not other.lost
    assert not Claim(place).take(), "the other one's claim stands"


def test_an_owner_shows_that_it_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "_BEAT_SECONDS", 0.01)
    claim = Claim(tmp_path / "claim")
    assert claim.take()
    os.utime(mark_of(tmp_path / "claim"), (5, 5))
    end = time.monotonic() + 10
    while mark_of(tmp_path / "claim").stat().st_mtime == 5 and time.monotonic() < end:
        time.sleep(0.01)
    assert mark_of(tmp_path / "claim").stat().st_mtime != 5
    claim.release()


def test_a_rename_that_was_done_and_called_a_failure_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a network file system does whose answer was lost."""
    rename = Path.rename

    def twice(self: Path, target: Path) -> None:
        rename(self, target)
        rename(self, target)

    monkeypatch.setattr(Path, "rename", twice)
    claim = Claim(tmp_path / "claim")
    assert claim.take()
    claim.release()
    assert left(tmp_path) == []


@pytest.mark.parametrize("call", ["iterdir", "open", "unlink"])
def test_what_a_network_file_system_calls_stale_is_not_there(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """The owner elsewhere has gone; this machine looked its mark up before."""
    monkeypatch.setattr(claims, "_LEASE_SECONDS", 0.0)
    real, met = getattr(Path, call), []

    def stale(path: Path, *given: object, **named: object) -> object:
        if not met and elsewhere in (path, path.parent):
            met.append(path)
            shutil.rmtree(elsewhere)
            raise OSError(errno.ESTALE, "Stale file handle")
        return real(path, *given, **named)

    monkeypatch.setattr(Path, call, stale)
    claim = Claim(elsewhere)
    assert claim.take()
    assert met
    claim.release()
    assert left(elsewhere.parent) == []


def test_a_file_system_whose_renames_replace_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def strict(self: Path, target: Path) -> None:
        if target.exists():
            raise FileExistsError(17, "File exists", str(target))
        rename(self, target)

    monkeypatch.setattr(Path, "rename", strict)
    place = tmp_path / "claim"
    assert Claim(place).take()
    rewrite(mark_of(place), started="1")
    assert Claim(place).take()
