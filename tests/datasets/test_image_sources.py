"""Where images come from: folders and LMDBs, and the content keys that the store relies on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import lmdb
import pytest
from outfitbench.core.errors import InputError
from outfitbench.datasets.images import digests
from outfitbench.datasets.images.digests import file_digests
from outfitbench.datasets.images.folder import FolderImages
from outfitbench.datasets.images.lmdb_images import LmdbImages, open_lmdb

LONG_AGO = 10**18
"""A modification time in nanoseconds (2001), long settled."""


def write(path: Path, data: bytes, changed: int = LONG_AGO) -> Path:
    path.write_bytes(data)
    os.utime(path, ns=(changed, changed))
    return path


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    return [write(tmp_path / f"{number}.jpg", b"image %d" % number) for number in range(5)]


class TestFolderImages:
    def test_reads_by_item(self, paths, cache):
        source = FolderImages(paths, cache)
        assert [source.read(index) for index in (3, 0)] == [b"image 3", b"image 0"]
        assert source.names == [str(path) for path in paths]

    def test_names_a_missing_file(self, paths, cache):
        paths[2].unlink()
        for ask in (lambda source: source.read(2), FolderImages.content_key):
            with pytest.raises(InputError, match=r"2\.jpg: found no such file or directory"):
                ask(FolderImages(paths, cache))

    def test_refuses_a_folder_for_a_file(self, paths, cache):
        paths[2].unlink()
        paths[2].mkdir()
        for ask in (lambda source: source.read(2), FolderImages.content_key):
            with pytest.raises(InputError, match=r"2\.jpg: found is a directory"):
                ask(FolderImages(paths, cache))

    @pytest.mark.parametrize("name", ["n" * 100_000, "\ud800", "a\0b", "\udce9\x1b[2J.jpg"])
    def test_a_name_that_no_file_has_is_one_short_harmless_line(self, tmp_path, cache, name):
        for ask in (lambda source: source.read(0), FolderImages.content_key):
            with pytest.raises(InputError) as caught:
                ask(FolderImages([tmp_path / name], cache))
            assert str(caught.value).isprintable()
            assert len(str(caught.value)) < 600

    def test_key_depends_on_bytes_and_order_alone(self, paths, cache, tmp_path):
        (tmp_path / "copy").mkdir()
        copies = [write(tmp_path / "copy" / f"other-{path.name}", path.read_bytes()) for path in paths]
        key = FolderImages(paths, cache).content_key()
        assert FolderImages(copies, cache).content_key() == key
        assert FolderImages(paths[::-1], cache).content_key() != key
        assert FolderImages(paths[:-1], cache).content_key() != key


class TestFileDigests:
    @pytest.fixture
    def hashed(self, monkeypatch) -> list[str]:
        """Names of the files that are read to be hashed."""
        names: list[str] = []
        real = digests._digest
        monkeypatch.setattr(digests, "_digest", lambda path: (names.append(path.name), real(path))[1])
        return names

    def test_the_second_call_reads_nothing(self, paths, cache, hashed):
        first = file_digests(paths, cache)
        hashed.clear()
        assert (file_digests(paths, cache) == first).all()
        assert hashed == []

    @pytest.mark.parametrize(
        ("data", "changed"), [(b"image X", LONG_AGO + 1), (b"longer than it was", LONG_AGO)]
    )
    def test_a_changed_file_alone_is_read_again(self, paths, cache, hashed, data, changed):
        before = file_digests(paths, cache)
        hashed.clear()
        write(paths[3], data, changed)
        after = file_digests(paths, cache)
        assert hashed == ["3.jpg"]
        assert (before != after).any(axis=1).tolist() == [False, False, False, True, False]

    def test_a_file_changed_a_moment_ago_is_not_trusted(self, paths, cache, hashed):
        now = paths[3].touch() or paths[3].stat().st_mtime_ns
        file_digests(paths, cache)
        hashed.clear()
        write(paths[3], b"image X", now)  # the same size, within one tick of the clock
        file_digests(paths, cache)
        assert hashed == ["3.jpg"]

    @pytest.mark.parametrize("keep", [0, 100, -1])
    def test_a_broken_memory_is_forgotten(self, paths, cache, keep):
        first = file_digests(paths, cache)
        (memory,) = (cache / "digests").glob("*.npz")
        memory.write_bytes(memory.read_bytes()[:keep])
        assert (file_digests(paths, cache) == first).all()

    def test_flipped_bits_in_the_memory_are_noticed(self, paths, cache):
        first = file_digests(paths, cache)
        (memory,) = (cache / "digests").glob("*.npz")
        whole = memory.read_bytes()
        place = whole.index(first.tobytes())
        memory.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert (file_digests(paths, cache) == first).all()


class TestLmdbImages:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "images.lmdb"
        with (
            lmdb.open(str(path), map_size=1 << 20) as environment,
            environment.begin(write=True) as transaction,
        ):
            transaction.put(b"a.jpg", b"image a")
            transaction.put(b"b.jpg", b"image b")
        return path

    @pytest.mark.parametrize("place", [".", "data.mdb"])
    def test_reads_by_item(self, path, cache, place):
        source = LmdbImages(path / place, ["b.jpg", "a.jpg"], cache)
        assert [source.read(index) for index in (0, 1)] == [b"image b", b"image a"]
        assert source.names[0].endswith("[b.jpg]")

    def test_key_follows_content_and_order(self, path, cache):
        key = LmdbImages(path, ["a.jpg", "b.jpg"], cache).content_key()
        assert LmdbImages(path, ["a.jpg", "b.jpg"], cache).content_key() == key
        assert LmdbImages(path, ["b.jpg", "a.jpg"], cache).content_key() != key

    def test_two_sources_share_one_file(self, path, cache):
        sources = [LmdbImages(path, ["a.jpg"], cache) for _ in range(2)]  # lmdb itself forbids a second open
        assert [source.read(0) for source in sources] == [b"image a"] * 2

    def test_refuses_a_file_cut_short(self, path):
        whole = (path / "data.mdb").read_bytes()
        (path / "data.mdb").write_bytes(whole[:8192])  # the two pages of its header
        with pytest.raises(InputError, match="found an LMDB cut short, of 8192 bytes"):
            open_lmdb(path)

    def test_names_a_missing_key(self, path, cache):
        with pytest.raises(InputError, match=r"images\.lmdb: found no key 'c\.jpg'"):
            LmdbImages(path, ["c.jpg"], cache).read(0)

    def test_refuses_a_key_that_no_lmdb_can_hold(self, path, cache):
        with pytest.raises(InputError, match=r"found nothing readable .*MDB_BAD_VALSIZE"):
            LmdbImages(path, [""], cache).read(0)

    @pytest.mark.parametrize("key", ["k" * 100_000, "\x1b[31m", "a\nb", "\u202eb", "\ud800", "\x7f"])
    def test_an_odd_key_is_one_short_harmless_line(self, path, cache, key):
        source = LmdbImages(path, [key, "a.jpg"], cache)
        assert len(source.content_key()) == 32
        with pytest.raises(InputError) as caught:
            source.read(0)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 500
        assert len(source.names[0]) < 500

    def test_says_that_it_is_open_elsewhere_in_this_process(self, path):
        with lmdb.open(str(path)), pytest.raises(InputError, match="something else in this process has open"):
            open_lmdb(path)

    def test_refuses_what_is_no_lmdb(self, tmp_path):
        (tmp_path / "data.mdb").write_bytes(b"no" * 5000)
        with pytest.raises(InputError, match="found no LMDB"):
            open_lmdb(tmp_path)

    def test_refuses_what_is_not_there(self, tmp_path):
        with pytest.raises(InputError, match="found no LMDB"):
            open_lmdb(tmp_path / "absent")

    def test_without_the_package_says_how_to_get_it(self, path, monkeypatch):
        monkeypatch.setitem(sys.modules, "lmdb", None)
        open_lmdb.cache_clear()
        with pytest.raises(InputError, match=r"pip install 'outfitbench\[lmdb\]'"):
            open_lmdb(path)
