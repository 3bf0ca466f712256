"""Encoding a catalogue from JPEG files to shards of features, against the slower of its two stages alone."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from statistics import fmean

import numpy as np
import pytest
import torch
from outfitbench.bench.latency import seconds_of
from outfitbench.core.machine import usable_cores
from outfitbench.datasets.catalogue import open_catalogue
from outfitbench.datasets.images.decode import DECODER_VERSION, decode
from outfitbench.evaluation.catalogue_features import Encoder
from outfitbench.evaluation.encode_catalogue import encode_catalogue
from outfitbench.evaluation.item_inputs import as_float
from outfitbench.models import create_model
from PIL import Image

IMAGES, SIZE, BATCH = 20_000, 224, 32
ALONE = 1024
"""Images by which each stage alone is timed, before the whole and after it."""

MOST = 1.2
CATEGORIES = ("top", "bottom", "shoe")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """JPEGs of soft colours, a hundred different ones; of each there are many."""
    rng, root = np.random.default_rng(0), tmp_path_factory.mktemp("shop")
    pictures = []
    for _ in range(100):
        file = io.BytesIO()
        colours = Image.fromarray(rng.integers(0, 256, (14, 14, 3), dtype=np.uint8))
        colours.resize((SIZE, SIZE), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
        pictures.append(file.getvalue())
    for category in CATEGORIES:
        (root / category).mkdir()
    for number in range(IMAGES):
        path = root / CATEGORIES[number % len(CATEGORIES)] / f"{number:05}.jpg"
        path.write_bytes(pictures[number % len(pictures)])
    return root


def test_encoding_takes_little_longer_than_its_slower_stage(benchmark, shop, tmp_path):
    """Each stage alone has all cores, too: on a processor, the two together take the sum of both."""
    torch.set_num_threads(usable_cores())
    torch.manual_seed(0)
    model = create_model("student-xs", num_users=1).eval()
    encoder = Encoder(
        method="XS",
        model="student-xs",
        weights="0",
        categories=list(CATEGORIES),
        image_size=SIZE,
        decoder=DECODER_VERSION,
        feature_size=model.feature_size,
    )
    files = sorted(shop.glob("*/*.jpg"))[:ALONE]
    decoded = np.stack([decode(path.read_bytes(), path.name, SIZE) for path in files[:BATCH]])

    def decode_alone():
        with ThreadPoolExecutor(usable_cores()) as pool:
            list(pool.map(lambda path: decode(path.read_bytes(), path.name, SIZE), files))

    @torch.inference_mode()
    def encode_alone():
        categories = torch.zeros(BATCH, dtype=torch.int64)
        for _ in range(ALONE // BATCH):
            model.encode_items(as_float(torch.from_numpy(decoded).permute(0, 3, 1, 2)), categories).numpy()

    def seconds_alone():
        """Of each stage, for all images."""
        return {
            name: seconds_of(stage) * IMAGES / ALONE
            for name, stage in {"decode": decode_alone, "encode": encode_alone}.items()
        }

    def whole():
        return encode_catalogue(model, open_catalogue(shop, CATEGORIES), encoder, tmp_path / "features")

    if benchmark.disabled:
        pytest.skip("nothing else is asked here")
    seconds_alone()
    before = seconds_alone()
    manifest = benchmark.pedantic(whole, rounds=1)
    after = seconds_alone()
    assert manifest.items == IMAGES
    stages = {name: fmean([before[name], after[name]]) for name in before}
    seconds = benchmark.stats.stats.max
    ratio = seconds / max(stages.values())
    found = {"images_per_s": IMAGES / seconds, "ratio": ratio, "ratio_at_most": MOST}
    benchmark.extra_info |= {**found, "stages_alone_s": stages}
    print(f"\n{seconds:.0f} s; each stage alone {stages}; {found}")
    assert ratio <= MOST
