"""A catalogue of feature vectors becomes shards, as one of images does, by a model that sees no images."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.datasets.catalogue import open_catalogue
from outfitbench.evaluation.catalogue_features import CatalogueFeatures, Encoder, Manifest
from outfitbench.evaluation.encode_catalogue import encode_catalogue
from outfitbench.models import create_model

CATEGORIES = ("top", "bottom", "shoe")
WIDTH = 6
ITEMS = 90  # two shards, the first of two batches
VECTORS = np.random.default_rng(0).normal(size=(ITEMS, WIDTH)).astype(np.float32)
NAMES = [f"i{number}" for number in range(ITEMS)]
KINDS = np.arange(ITEMS) % len(CATEGORIES)
ENCODER = Encoder(
    method="XS",
    model="student-xs",
    weights="0",
    categories=list(CATEGORIES),
    vector_size=WIDTH,
    feature_size=128,
)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return create_model("student-xs", num_users=3, input_kind="features", feature_size=WIDTH).eval()


@pytest.fixture(scope="module")
def expected(model) -> np.ndarray:
    """What the model itself makes of all items."""
    with torch.inference_mode():
        return model.encode_items(torch.from_numpy(VECTORS), torch.from_numpy(KINDS)).numpy()


def write(path: Path, features: Any = None) -> Path:
    table = {"item": NAMES, "category": [CATEGORIES[kind] for kind in KINDS]}
    table["features"] = VECTORS.tolist() if features is None else features
    pq.write_table(pa.table(table), path, row_group_size=25)
    return path


def encode(model, shop: Path, out: Path, encoder: Encoder = ENCODER) -> Manifest:
    catalogue = open_catalogue(shop, CATEGORIES, WIDTH)
    return encode_catalogue(model, catalogue, encoder, out, shard_items=50)


def test_every_item_is_encoded_as_the_model_does_it(model, expected, tmp_path):
    manifest = encode(model, write(tmp_path / "shop"), tmp_path / "out")
    assert manifest == Manifest.read(tmp_path / "out" / "manifest.json")
    assert [shard.items for shard in manifest.shards] == [50, 40]
    table = pa.concat_tables(pq.read_table(tmp_path / "out" / shard.file) for shard in manifest.shards)
    assert table["item"].to_pylist() == NAMES
    assert table["category"].to_pylist() == [CATEGORIES[kind] for kind in KINDS]
    np.testing.assert_allclose(np.array(table["features"].to_pylist()), expected, atol=1e-5)


def test_broken_vectors_are_listed_and_nothing_else_is_lost(model, expected, tmp_path):
    rows: list[list[float] | None] = [*VECTORS.tolist()]
    rows[3], rows[40], rows[60] = None, [np.nan, *rows[40][1:]], rows[60][1:]
    rows[70] = [float(np.finfo(np.float32).max)] * WIDTH
    manifest = encode(model, write(tmp_path / "shop", rows), tmp_path / "out")
    assert {item.item: item.found for item in manifest.broken} == {
        "i3": "no features",
        "i40": "NaN or infinity",
        "i60": "5 numbers",
        "i70": "what the model makes NaN or infinity of",
    }
    features = CatalogueFeatures(tmp_path / "out", tmp_path)
    sound = np.delete(np.arange(ITEMS), [3, 40, 60, 70])
    assert features.rows(NAMES)[sound].tolist() == [*range(ITEMS - 4)]
    np.testing.assert_allclose(features.vectors.part(0, ITEMS), expected[sound], atol=1e-5)
    np.testing.assert_array_equal(features.categories.part(0, ITEMS), KINDS[sound])


def test_a_finished_shard_is_not_encoded_again(model, tmp_path, monkeypatch):
    shop, out = write(tmp_path / "shop"), tmp_path / "out"
    encode(model, shop, out)
    before = {file.name: file.stat().st_mtime_ns for file in out.glob("*.parquet")}
    (out / "features-00001.parquet").write_bytes(b"PAR1 cut short")
    encode(model, shop, out)
    after = {file.name: file.stat().st_mtime_ns for file in out.glob("*.parquet")}
    assert {name for name in before if after[name] == before[name]} == {"features-00000.parquet"}
    monkeypatch.setattr(model, "encode_items", None)  # would fail if it were asked
    assert encode(model, shop, out).items == ITEMS
    os.utime(shop, (0, 0))
    with pytest.raises(TypeError):
        encode(model, shop, out)


def test_features_made_from_vectors_of_another_width_are_kept(model, tmp_path):
    shop, out = write(tmp_path / "shop"), tmp_path / "out"
    encode(model, shop, out)
    for update, said in (
        ({"weights": "1"}, "weights: found 0, expected 1"),
        ({"vector_size": 7}, "vector_size: found 6, expected 7"),
        ({"image_size": 64, "vector_size": None}, "image_size: found None, expected 64"),
    ):
        with pytest.raises(InputError, match=f"manifest.json, {said}; give another --out"):
            encode(model, shop, out, ENCODER.model_copy(update=update))
