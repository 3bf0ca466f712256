"""The cache: files whole or not at all, one writer at a time, one clear line where nothing can be written."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest
from outfitbench.datasets.cache import atomic_file, atomic_folder, cache_folder, locked, made_once
from outfitbench.datasets.errors import InputError


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


class TestLocked:
    def test_sweeps_what_killed_writers_left_and_nothing_else(self, cache):
        mine = cache / "mine.npy"
        for stays in ("mine.npy", ".other.npy.0.part", ".mine.npy.bak"):
            (cache / stays).touch()
        (cache / ".mine.npy.0.part").touch()
        (cache / ".mine.npy.1.part").mkdir()
        with locked(mine):
            assert names(cache) == [".mine.npy.bak", ".other.npy.0.part", "mine.npy", "mine.npy.lock"]

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
        (cache / "file.lock").mkdir()  # the lock cannot be opened; permissions would not stop root
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
