"""Standard streams as shells hand them down: other encodings, full, closed; and a user without a home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from outfitbench.cli.answer import Answer
from outfitbench.core.cache import cache_folder
from outfitbench.core.errors import InputError

COMMAND = [sys.executable, "-m", "outfitbench.cli"]
NOT_UTF_8 = [
    {"PYTHONIOENCODING": "latin-1"},
    {"PYTHONIOENCODING": "ascii:strict"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]
SUITE = """
title = "α"
datasets = ["closet-12"]
methods = ["n-pair-xs"]

[method.n-pair-xs]
name = "FND α [/XS] [small] \U0001f45f"
"""


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[bytes]:
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "PYTHON"))
    }
    return subprocess.run([*COMMAND, *arguments], capture_output=True, env=environment | settings)


@pytest.fixture
def suite(tmp_path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(SUITE, encoding="utf-8")
    return path


@pytest.mark.parametrize("settings", NOT_UTF_8, ids=str)
@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["list", "datasets"]])
def test_what_cannot_be_shown_is_replaced(settings, arguments):
    done = run(*arguments, **settings)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout


def test_a_plan_with_any_name_is_shown(suite, tmp_path):
    done = run("run", str(suite), "--out", str(tmp_path / "runs"), "--dry-run", **NOT_UTF_8[-1])
    assert done.returncode == 0, done.stderr
    assert b"FND ? [/XS] [small] ?" in done.stdout


@pytest.mark.parametrize("settings", NOT_UTF_8, ids=str)
def test_a_complaint_about_any_name_is_one_line_and_its_status(settings):
    done = run("list", "αβγ", **settings)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"Traceback" not in done.stderr


def test_bytes_that_are_no_text_are_shown_escaped():
    done = run("run", os.fsdecode(b"no\xffsuite.toml"))
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"\\udcff" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize(
    "arguments", ["list datasets", "list datasets --json", "--help", "list --help", "--version"]
)
def test_a_full_standard_output_is_one_line_and_a_status(arguments):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*COMMAND, *arguments.split()], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr.startswith(b"outfitbench: standard output: found no space left on device")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_standard_output_keeps_the_status_of_a_failure():
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*COMMAND, "list", "x", "--json"], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def closing(streams: str, arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["bash", "-c", f"{' '.join(COMMAND)} {arguments} {streams}"], capture_output=True, check=False
    )


@pytest.mark.parametrize("arguments", ["list datasets", "--help", "--version"])
def test_closed_streams_are_sound(arguments):
    assert closing(">&- 2>&-", arguments).returncode == 0


def test_a_closed_standard_output_keeps_the_status_of_a_failure():
    done = closing(">&-", "list x --json")
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", ["list datasets", "--help", "--version"])
def test_a_closed_standard_error_is_sound(arguments):
    done = closing("2>&-", arguments)
    assert done.returncode == 0
    assert done.stdout


def test_the_command_answers_a_reader_of_the_help_that_has_gone():
    with subprocess.Popen([*COMMAND, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_an_answer_obeys_nobody():
    answer = Answer("a\x1b[2J\u202eb\ntwo", {"name": "é\udcff"})
    assert answer.rendered(json_wanted=False) == "a\\x1b[2J\\u202eb\ntwo"
    assert json.loads(answer.rendered(json_wanted=True)) == answer.document
    assert answer.rendered(json_wanted=True, encoding="ascii").isascii()


@pytest.fixture
def homeless(monkeypatch) -> None:
    """A user whom no password file knows, without HOME: a container's."""

    def nobody(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    for name in ("HOME", "OUTFITBENCH_CACHE", "XDG_CACHE_HOME", "USERPROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)


@pytest.mark.usefixtures("homeless")
def test_without_a_home_the_cache_is_asked_for(monkeypatch, tmp_path):
    with pytest.raises(InputError, match=r"no home folder for this user.*--cache or OUTFITBENCH_CACHE"):
        cache_folder()
    monkeypatch.setenv("OUTFITBENCH_CACHE", "~/cache")
    with pytest.raises(InputError, match="no home folder"):
        cache_folder()
    monkeypatch.setenv("OUTFITBENCH_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
