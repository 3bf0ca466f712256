"""Folders that results go to: refused before the work, in one line."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest
from outfitbench.cli.main import main
from outfitbench.cli.session import writable_folder
from outfitbench.core.errors import InputError


def test_a_folder_is_made_and_left_empty(tmp_path):
    folder = writable_folder("argument --out", tmp_path / "a" / "b")
    assert folder.is_dir()
    assert list(folder.iterdir()) == []


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(
        InputError, match=r"argument --out: found .*file \(a file\), expected a folder that can"
    ):
        writable_folder("argument --out", tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="permission denied"):
        writable_folder("argument --out", tmp_path)


@pytest.mark.parametrize("code", [errno.EROFS, errno.ENOSPC, errno.EACCES])
def test_a_folder_that_takes_no_file_is_refused(tmp_path, monkeypatch, code):
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(InputError, match=os.strerror(code).lower()):
        writable_folder("argument --out", tmp_path)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder that nobody may write")
@pytest.mark.parametrize(
    "command",
    [["run", "smoke"], ["profile", "student-xs"], ["export", "student-xs"], ["report", "RECORDS"]],
    ids=lambda command: command[0],
)
def test_an_existing_folder_that_nobody_may_write_is_one_line(capsys, tmp_path, command):
    from ..reports.made_records import cost, dataset

    for number, record in enumerate([dataset(), cost("A")]):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "record.json").write_text(record.model_dump_json())
    words = [str(tmp_path / "0") if word == "RECORDS" else word for word in command]
    assert main([*words, "--out", "/proc", "--quiet"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith("outfitbench: argument --out: found /proc (")
