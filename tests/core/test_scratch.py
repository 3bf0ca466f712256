"""Scratch folders go with their process, however it ends."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time

from outfitbench.core.scratch import scratch_folder

HOLDS_ONE = """
import sys, time
from pathlib import Path
from outfitbench.core.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "part").write_text("x")
    print(folder, flush=True)
    time.sleep(60)
"""


def test_what_two_killed_processes_left_goes_when_the_next_one_asks(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / "outfitbench-1-abcdef01"
    left.mkdir()
    left.with_suffix(".lock").touch()
    with scratch_folder() as mine, scratch_folder() as other:
        assert not left.exists()
        assert mine.is_dir()
        assert other.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_in_a_folder_of_ones_own_it_is_hidden_and_goes_with_a_process_that_is_killed(tmp_path):
    command = [sys.executable, "-c", HOLDS_ONE, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        folder = process.stdout.readline().strip()
        assert [str(path) for path in tmp_path.iterdir()] == [folder]  # and no lock
        assert tmp_path.joinpath(folder).name.startswith(".outfitbench-")
        process.kill()
    deadline = time.monotonic() + 10
    while list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(tmp_path.iterdir()) == []


def test_at_its_end_nothing_is_left_where_it_lay(tmp_path):
    with scratch_folder(tmp_path) as folder:
        (folder / "deep").mkdir()
    assert list(tmp_path.iterdir()) == []
