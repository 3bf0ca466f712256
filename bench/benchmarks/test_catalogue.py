"""Encoding a catalogue of real photographs: its two stages against Pillow and the engine alone."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from outfitbench.bench.engines.torch_engine import TorchEngine
from outfitbench.bench.request import make_request
from outfitbench.bench.workloads.item_files import ENCODED_AT_ONCE, item_reader
from outfitbench.core.machine import usable_cores
from outfitbench.models import create_model
from PIL import Image, ImageOps

from .ratios import report_ratio

PHOTOS, SIZE, ROUNDS = 512, 224, 7
MOST_DECODING, MOST_ENCODING = 1.25, 1.15


@pytest.fixture
def catalogue(clothing_photos, tmp_path):
    """Files of some photographs, laid out as the workload reads them."""
    files = [path.read_bytes() for path in clothing_photos[:PHOTOS]]
    (tmp_path / "images.bin").write_bytes(b"".join(files))
    np.save(tmp_path / "ends.npy", np.cumsum([len(file) for file in files]))
    return files, tmp_path


def test_decoding_takes_no_longer_than_pillow(benchmark, catalogue):
    """Against Pillow alone, on all cores, too: its decoder (libjpeg-turbo), and its resizing to that size.

    Resizing by Lanczos takes longer than decoding (2.7 and 1.3 ms for 400 × 534 pixels to 224).
    """
    files, folder = catalogue

    def whole(file):
        picture = Image.open(io.BytesIO(file)).convert("RGB")
        return np.asarray(ImageOps.contain(picture, (SIZE, SIZE), Image.Resampling.LANCZOS))

    with ThreadPoolExecutor(usable_cores()) as pool:
        read = item_reader(folder, SIZE, pool)
        assert read(slice(0, 2)).shape == (2, SIZE, SIZE, 3)
        report_ratio(
            benchmark,
            lambda: read(slice(0, len(files))),
            lambda: list(pool.map(whole, files)),
            rounds=ROUNDS,
            most=MOST_DECODING,
        )
        benchmark.pedantic(read, (slice(0, len(files)),), rounds=1)


def test_encoding_takes_no_longer_than_the_engine(benchmark, catalogue):
    """Decoded images to features as the workload keeps them, against a request of as many made images."""
    files, folder = catalogue
    torch.manual_seed(0)
    engine = TorchEngine.serving(create_model("student-xs", num_users=1).eval())
    categories = np.zeros(len(files), np.int64)
    with ThreadPoolExecutor(usable_cores()) as pool:
        items = item_reader(folder, SIZE, pool)(slice(0, len(files)))
    made = make_request(1, "image", SIZE, batch=ENCODED_AT_ONCE, outfit_size=1)
    parts = [slice(first, first + ENCODED_AT_ONCE) for first in range(0, len(files), ENCODED_AT_ONCE)]

    def kept():
        return [engine.to_host(engine.encode_items(items[part], categories[part])) for part in parts]

    def alone():
        for _ in parts:
            engine.encode_items(made.items, made.categories.reshape(-1))

    report_ratio(benchmark, kept, alone, rounds=ROUNDS, most=MOST_ENCODING)
    benchmark.pedantic(kept, rounds=1)
