"""The cache: files whole or not at all, one writer at a time, one clear line where nothing can be written."""

from __future__ import annotations

import errno
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from outfitbench.core.cache import cache_folder
from outfitbench.core.errors import InputError
from outfitbench.core.files import atomic_file, atomic_folder, locked, made_once, replacing_folder


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("OUTFITBENCH_CACHE", str(tmp_path / "elsewhere"))
    assert cache_folder() == tmp_path / "elsewhere"


def test_cache_folder_has_a_place_of_its_own_by_default(monkeypatch):
    monkeypatch.delenv("OUTFITBENCH_CACHE")
    assert cache_folder().name == "outfitbench"


class TestAtomicFile:
    def test_replaces_the_file_and_leaves_nothing_else(self, cache):
        path = cache / "deep" / "file.txt"
        for text in ("old", "new"):
            with atomic_file(path) as part:
                part.write_text(text)
        assert path.read_text() == "new"
        assert names(path.parent) == ["file.txt"]

    @pytest.mark.parametrize(
        ("failure", "seen"),
        [
            (KeyError("a bug"), KeyError),
            (PermissionError(errno.EACCES, "not yours"), PermissionError),
            (OSError(errno.ENOSPC, "no room"), InputError),
            (OSError(errno.EDQUOT, "over quota"), InputError),
        ],
    )
    def test_keeps_the_old_file_when_the_block_fails(self, cache, failure, seen):
        path = cache / "file.txt"
        path.write_text("old")
        with pytest.raises(seen):
            write_half(path, failure)
        assert path.read_text() == "old"
        assert names(cache) == ["file.txt"]

    def test_says_in_one_line_that_the_disk_is_full(self, cache):
        with pytest.raises(
            InputError, match=r"file\.txt: found a full disk, expected .*; free some"
        ) as caught:
            write_half(cache / "file.txt", OSError(errno.ENOSPC, "no room"))
        assert "\n" not in str(caught.value)

    def test_refuses_a_folder_that_cannot_be_made(self, cache):
        (cache / "taken").write_text("a file, not a folder")
        with (
            pytest.raises(InputError, match="expected a folder that can be written"),
            atomic_file(cache / "taken" / "file.txt"),
        ):
            pass


def write_half(path: Path, failure: Exception) -> None:
    with atomic_file(path) as part:
        part.write_text("half")
        raise failure


class TestAtomicFolder:
    def test_takes_the_place_of_a_broken_one(self, cache):
        path = cache / "tree"
        path.mkdir()
        (path / "broken").touch()
        with atomic_folder(path) as part:
            (part / "whole").touch()
        assert names(path) == ["whole"]
        assert names(cache) == ["tree"]

    def test_leaves_nothing_when_the_block_fails(self, cache):
        def write_half() -> None:
            with atomic_folder(cache / "tree") as part:
                (part / "half").touch()
                raise KeyError

        with pytest.raises(KeyError):
            write_half()
        assert names(cache) == []


class TestReplacingFolder:
    def fill(self, out: Path) -> None:
        with replacing_folder(out, "card.json") as folder:
            (folder / "card.json").write_text("{}")

    @pytest.mark.parametrize("held", [[], ["card.json", "old"]])
    def test_replaces_an_empty_folder_and_one_of_ours(self, cache, held):
        out = cache / "out"
        out.mkdir()
        for name in held:
            (out / name).touch()
        self.fill(out)
        assert names(out) == ["card.json"]
        assert names(cache) == ["out"]

    def test_leaves_what_is_not_ours(self, cache):
        (cache / "letter.txt").touch()
        with pytest.raises(InputError, match=r"something else, expected no folder, or one that holds card"):
            self.fill(cache)
        with pytest.raises(InputError, match=r"letter\.txt: found something else"):
            self.fill(cache / "letter.txt")
        assert names(cache) == ["letter.txt"]

    def test_replaces_what_a_link_leads_to(self, cache):
        (cache / "there").mkdir()
        (cache / "link").symlink_to("there")
        self.fill(cache / "link")
        assert (cache / "link").is_symlink()
        assert names(cache / "there") == ["card.json"]

    def test_takes_a_path_without_a_name_of_its_own(self, cache):
        (cache / "out" / "below").mkdir(parents=True)
        (cache / "out" / "below").rmdir()
        self.fill(cache / "out" / ".." / "out")
        assert names(cache) == ["out"]

    @pytest.mark.parametrize("out", [".", "..", "../here"])
    def test_refuses_the_folder_one_stands_in(self, cache, monkeypatch, out):
        (cache / "card.json").touch()
        (cache / "here").mkdir()
        monkeypatch.chdir(cache / "here")
        with pytest.raises(InputError, match="found the folder this command runs in"):
            self.fill(Path(out))
        assert names(cache) == ["card.json", "here"]

    def test_leaves_nothing_when_the_block_fails(self, cache):
        def fail() -> None:
            with replacing_folder(cache / "out", "card.json"):
                raise OSError(errno.ENOSPC, "no room")

        with pytest.raises(InputError, match="a full disk"):
            fail()
        assert names(cache) == []

    def test_says_in_one_line_that_it_may_not_write_there(self, cache, monkeypatch):
        def refuse(folder: Path, *_: object, **__: object) -> None:
            raise OSError(errno.EROFS, "Read-only file system", str(folder))

        monkeypatch.setattr(Path, "mkdir", refuse)  # permissions would not stop root
        with pytest.raises(InputError, match="found read-only file system, expected a folder that can be"):
            self.fill(cache / "out")


WAIT = """
import sys
from pathlib import Path
from outfitbench.core.files import locked

with locked(Path(sys.argv[1])):
    print("mine")
"""


class TestLocked:
    def test_who_waits_for_another_process_says_so_off_a_terminal(self, cache):
        with locked(cache / "file[1]"):
            waiting = subprocess.Popen(
                [sys.executable, "-c", WAIT, str(cache / "file[1]")], stdout=subprocess.PIPE, text=True
            )
            assert waiting.stdout is not None
            first = waiting.stdout.readline()
        rest, _ = waiting.communicate(timeout=30)
        assert first == "Waiting for another process to write 'file[1]'\n"
        assert rest == "mine\n"

    def test_who_need_not_wait_says_nothing(self, cache, capsys):
        with locked(cache / "file"):
            pass
        assert capsys.readouterr() == ("", "")

    def test_sweeps_what_killed_writers_left_and_nothing_else(self, cache):
        mine = cache / "mine.npy"
        for stays in ("mine.npy", ".other.npy.0.part", ".mine.npy.bak"):
            (cache / stays).touch()
        (cache / ".mine.npy.0.part").touch()
        (cache / ".mine.npy.1.part").mkdir()
        with locked(mine):
            assert names(cache) == [".mine.npy.bak", ".other.npy.0.part", "mine.npy", "mine.npy.claim"]
        assert names(cache) == [".mine.npy.bak", ".other.npy.0.part", "mine.npy"]

    def test_lets_one_in_at_a_time(self, cache):
        inside: list[int] = []
        most: list[int] = []

        def enter(number: int) -> None:
            for _ in range(20):
                with locked(cache / "file"):
                    inside.append(number)
                    most.append(len(inside))
                    inside.remove(number)

        threads = [threading.Thread(target=enter, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert most == [1] * 80

    def test_refuses_a_folder_that_cannot_be_written(self, cache):
        (cache / "file.claim").touch()  # a claim is a folder; permissions would not stop root
        with pytest.raises(InputError, match="expected a folder that can be written"), locked(cache / "file"):
            pass


class TestMadeOnce:
    def test_makes_what_is_missing_and_then_reads_it(self, cache):
        path, made = cache / "file", []

        def read() -> str | None:
            return path.read_text() if path.exists() else None

        def make() -> str:
            made.append(1)
            path.write_text("value")
            return "value"

        assert [made_once(path, read, make) for _ in range(3)] == ["value"] * 3
        assert made == [1]

    def test_reads_without_a_lock(self, cache):
        assert made_once(cache / "file", lambda: "there", lambda: "made") == "there"
        assert names(cache) == []
