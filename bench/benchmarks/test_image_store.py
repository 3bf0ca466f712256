"""The image store on real photographs: one image at a time, and the whole store from files to memory map."""

from __future__ import annotations

import pytest
from outfitbench.datasets.images.decode import decode
from outfitbench.datasets.images.folder import FolderImages
from outfitbench.datasets.images.store import open_store


@pytest.mark.parametrize("size", [64, 128, 224])
def test_decode(benchmark, clothing_photos, size):
    photos = [path.read_bytes() for path in clothing_photos[:100]]
    benchmark(lambda: [decode(photo, "photo", size) for photo in photos])
    if not benchmark.disabled:
        benchmark.extra_info["images/s"] = len(photos) / benchmark.stats.stats.median


@pytest.mark.parametrize("size", [64, 224])
def test_build(benchmark, clothing_photos, tmp_path_factory, size):
    photos = clothing_photos[:1000]

    def setup():
        cache = tmp_path_factory.mktemp("cache")
        source = FolderImages(photos, cache)
        source.content_key()  # hashing is its own matter
        return (source, size, cache), {}

    benchmark.pedantic(open_store, setup=setup, rounds=3)
    if not benchmark.disabled:
        benchmark.extra_info["images/s"] = len(photos) / benchmark.stats.stats.median


def test_open(benchmark, clothing_photos, tmp_path_factory):
    """What every later start pays: one `stat` an image and a memory map."""
    cache, photos = tmp_path_factory.mktemp("cache"), clothing_photos[:1000]
    open_store(FolderImages(photos, cache), 64, cache)
    benchmark(lambda: open_store(FolderImages(photos, cache), 64, cache))
