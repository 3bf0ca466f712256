"""The image store: right, built once, and never half, whatever happens to those who build it."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from outfitbench.core import checked_array
from outfitbench.core.errors import InputError
from outfitbench.datasets.images import store
from outfitbench.datasets.images.decode import DECODER_VERSION, decode
from outfitbench.datasets.images.folder import FolderImages
from outfitbench.datasets.images.store import check_stores, open_store
from PIL import Image

COUNT, SIZE = 40, 32


@pytest.fixture
def source(tmp_path: Path, cache: Path) -> FolderImages:
    """Forty images of noise, each another."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (COUNT, 48, 48, 3), dtype=np.uint8)
    for number, pixels in enumerate(noise):
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
    return FolderImages(sorted(folder.iterdir()), cache)


def expected(source: FolderImages) -> np.ndarray:
    return np.stack([decode(path.read_bytes(), path.name, SIZE) for path in source.paths])


def store_files(cache: Path) -> list[str]:
    """What lies in the store's folder."""
    return sorted(path.name for path in (cache / "images").iterdir())


def test_holds_every_image_in_order_memory_mapped_and_read_only(source, cache):
    store = open_store(source, SIZE, cache)
    np.testing.assert_array_equal(store, expected(source))
    assert isinstance(store, np.memmap)
    assert not store.flags.writeable
    assert store_files(cache) == [f"{source.content_key()}-{SIZE}px-v{DECODER_VERSION}.npy"]


def test_decodes_once(source, cache, monkeypatch):
    open_store(source, SIZE, cache)
    monkeypatch.setattr(source, "read", None)  # whoever reads an image again fails
    np.testing.assert_array_equal(open_store(source, SIZE, cache), expected(source))


def test_sizes_have_stores_of_their_own(source, cache):
    assert [open_store(source, size, cache).shape[1] for size in (8, 16, 8)] == [8, 16, 8]
    assert len(store_files(cache)) == 2


def test_a_changed_image_is_decoded_anew(source, cache):
    open_store(source, SIZE, cache)
    Image.new("RGB", (48, 48)).save(source.paths[7])
    assert (open_store(FolderImages(source.paths, cache), SIZE, cache)[7] == 0).all()


def test_another_decoder_version_is_another_store(source, cache, monkeypatch):
    open_store(source, SIZE, cache)
    monkeypatch.setattr(store, "DECODER_VERSION", DECODER_VERSION + 1)
    open_store(source, SIZE, cache)
    assert len(store_files(cache)) == 2


@pytest.mark.parametrize("harm", ["cut short", "empty", "of another shape"])
def test_a_broken_store_is_built_again(source, cache, harm):
    open_store(source, SIZE, cache)
    (path,) = (cache / "images").glob("*.npy")
    if harm == "cut short":
        path.write_bytes(path.read_bytes()[:-1])
    elif harm == "empty":
        path.write_bytes(b"")
    else:
        np.save(path, np.zeros((COUNT, 2, 2, 3), dtype=np.uint8))
    np.testing.assert_array_equal(open_store(source, SIZE, cache), expected(source))


def flip(path: Path, place: int) -> None:
    """Change one bit of a file, and neither its length nor its times."""
    status = path.stat()
    with path.open("r+b") as file:
        file.seek(place, os.SEEK_END if place < 0 else os.SEEK_SET)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 0x10]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


class TestChecksums:
    @pytest.fixture(autouse=True)
    def as_in_another_process(self, monkeypatch):
        monkeypatch.setattr(checked_array, "_sound", set())

    @pytest.fixture
    def path(self, source, cache, monkeypatch) -> Path:
        """A store of thirty blocks."""
        monkeypatch.setattr(checked_array, "_BLOCK", 4096)
        open_store(source, SIZE, cache)
        checked_array._sound.clear()
        (path,) = (cache / "images").glob("*.npy")
        return path

    @pytest.mark.parametrize("place", [128, 128 + 4095, -1, -30 * 4 - 1])  # pixels, sums, the last pixel
    def test_a_flipped_bit_in_what_is_always_looked_at_is_mended_on_opening(self, source, cache, path, place):
        flip(path, place)
        np.testing.assert_array_equal(open_store(source, SIZE, cache), expected(source))

    def test_any_flipped_bit_of_a_small_store_is_mended_on_opening(self, source, cache):
        open_store(source, SIZE, cache)
        (path,) = (cache / "images").glob("*.npy")
        for place in (128, 50_000, 122_000, -1):
            flip(path, place)
            checked_array._sound.clear()
            np.testing.assert_array_equal(open_store(source, SIZE, cache), expected(source))

    @pytest.mark.parametrize("place", [128, 60_000, 122_000, -50])
    def test_the_whole_check_finds_a_flipped_bit_wherever_it_is(self, source, cache, path, place):
        open_store(source, 8, cache)
        assert check_stores(source, cache) == []
        flip(path, place)
        (fault,) = check_stores(source, cache)
        assert fault.where == path
        assert "other bytes than were written" in fault.found
        assert not path.exists()
        assert check_stores(source, cache) == []
        np.testing.assert_array_equal(open_store(source, SIZE, cache), expected(source))

    def test_the_whole_check_says_about_where(self, source, cache, path):
        flip(path, 128 + 25 * SIZE * SIZE * 3 + 5)
        (fault,) = check_stores(source, cache)
        assert "at row 24 or a little after" in fault.found  # the block begins in the image before

    def test_a_store_is_looked_at_once_a_process(self, source, cache, path, monkeypatch):
        open_store(source, SIZE, cache)
        monkeypatch.setattr(checked_array.CheckedArray, "fault", None)  # whoever looks again fails
        open_store(source, SIZE, cache)

    def test_the_stores_of_others_are_left_alone(self, source, cache, path):
        flip(path, 200)
        assert check_stores(FolderImages(source.paths[1:], cache), cache) == []
        assert path.exists()


def test_a_broken_image_is_named_and_nothing_stays(source, cache):
    whole = source.paths[20].read_bytes()
    source.paths[20].write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"pictures/20\.png: found a broken image"):
        open_store(source, SIZE, cache)
    assert store_files(cache) == []


def test_an_image_that_vanishes_is_named_and_nothing_stays(source, cache):
    source.content_key()  # gone after the files were hashed, before they are decoded
    source.paths[20].unlink()
    with pytest.raises(InputError, match=r"pictures/20\.png: found no such file"):
        open_store(source, SIZE, cache)
    assert store_files(cache) == []


@pytest.mark.parametrize("size", [0, -1])
def test_refuses_a_size_below_a_pixel(source, cache, size):
    with pytest.raises(InputError, match="argument size: found"):
        open_store(source, size, cache)


class TestFullDisk:
    @pytest.fixture
    def small_disk(self, tmp_path: Path) -> Iterator[Path]:
        """A real disk of 64 KiB, where mounting one is allowed."""
        folder = tmp_path / "disk"
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
        if (
            shutil.which("mount") is None
            or subprocess.run(mount, capture_output=True, check=False).returncode
        ):
            pytest.skip("mounting a small disk is not allowed here")
        yield folder
        subprocess.run(["umount", "--lazy", str(folder)], check=True)

    def test_a_disk_that_is_really_full(self, source, small_disk):
        with pytest.raises(InputError, match="a full disk"):
            open_store(source, SIZE, small_disk)  # 120 KiB
        assert store_files(small_disk) == []

    def test_a_write_that_fails(self, source, cache, monkeypatch):
        real_open = Path.open

        def open_on_full_disk(path: Path, mode: str = "r", **options: object):
            file = real_open(path, mode, **options)
            return (
                FullDisk(file) if path.suffix == ".part" and mode == "wb" and ".npy." in path.name else file
            )

        source.content_key()
        monkeypatch.setattr(Path, "open", open_on_full_disk)
        with pytest.raises(InputError, match="a full disk") as caught:
            open_store(source, SIZE, cache)
        assert "\n" not in str(caught.value)
        assert store_files(cache) == []


class FullDisk:
    """A file on a disk that takes three images and no more."""

    def __init__(self, file) -> None:
        self.file, self.room = file, 128 + 3 * SIZE * SIZE * 3

    def write(self, data: bytes) -> int:
        self.room -= len(data)
        if self.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.file.write(data)

    def __enter__(self) -> FullDisk:
        return self

    def __exit__(self, *failure: object) -> None:
        self.file.close()


BUILDER = """
import sys, time
from pathlib import Path
from outfitbench.datasets.images.folder import FolderImages
from outfitbench.datasets.images.store import check_stores, open_store

class SlowImages(FolderImages):
    reads = 0
    def read(self, index):
        self.reads += 1
        if index == int(stop_at):
            print("stopped", flush=True)
            time.sleep(600)
        time.sleep(0.01)
        return super().read(index)

pictures, cache, size, stop_at = sys.argv[1:]
source = SlowImages(sorted(Path(pictures).iterdir()), Path(cache))
sum_of_pixels = int(open_store(source, int(size), Path(cache)).astype("int64").sum())
print(source.reads, sum_of_pixels)
"""


def start_builder(source: FolderImages, cache: Path, stop_at: int = -1) -> subprocess.Popen[str]:
    """A process that builds the store slowly, and stops for good at one image."""
    pictures = source.paths[0].parent
    arguments = [str(pictures), str(cache), str(SIZE), str(stop_at)]
    return subprocess.Popen([sys.executable, "-c", BUILDER, *arguments], stdout=subprocess.PIPE, text=True)


def test_two_processes_at_once_build_one_store(source, cache):
    builders = [start_builder(source, cache) for _ in range(2)]
    answers = [builder.communicate(timeout=60)[0].split() for builder in builders]
    reads, sums = zip(*answers, strict=True)
    assert sorted(map(int, reads)) == [0, COUNT]
    assert set(map(int, sums)) == {int(expected(source).astype(np.int64).sum())}


@pytest.mark.parametrize("stop_at", [0, COUNT // 2, COUNT - 1])
def test_a_builder_killed_on_the_way_leaves_nothing_that_is_taken_for_whole(source, cache, stop_at):
    builder = start_builder(source, cache, stop_at)
    assert builder.stdout is not None
    assert builder.stdout.readline() == "stopped\n"
    time.sleep(0.05)
    builder.send_signal(signal.SIGKILL)
    assert builder.wait(timeout=30) == -signal.SIGKILL
    builder.stdout.close()
    left = store_files(cache)
    assert [Path(name).suffix for name in left if Path(name).suffix != ".claim"] == [".part"]

    np.testing.assert_array_equal(open_store(source, SIZE, cache), expected(source))
    assert [Path(name).suffix for name in store_files(cache)] == [".npy"]
