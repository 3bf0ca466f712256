"""A catalogue of images becomes shards of features: what is broken is told, nothing is done twice."""

from __future__ import annotations

import io
import json
import os
import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.core.hashes import content_hash
from outfitbench.datasets.catalogue import open_catalogue
from outfitbench.evaluation.catalogue_features import CatalogueFeatures, Encoder
from outfitbench.evaluation.encode_catalogue import encode_catalogue
from outfitbench.models import create_model
from PIL import Image

CATEGORIES = ("top", "bottom", "shoe")
SIZE = 64
ENCODER = Encoder(
    method="XS",
    model="student-xs",
    weights="0",
    categories=list(CATEGORIES),
    image_size=SIZE,
    decoder=1,
    feature_size=128,
)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return create_model("student-xs", num_users=3).eval()


def picture(grey: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (SIZE, SIZE), (grey, 255 - grey, grey // 2)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def shop(tmp_path) -> Path:
    root = tmp_path / "shop"
    for number, name in enumerate(["shirt/a", "shirt/b", "pants/c", "shoes/d", "shoes/e", "hat/f"]):
        file = root / f"{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture(40 * number))
    return root


def encode(model, shop, out, *, encoder=ENCODER):
    return encode_catalogue(model, open_catalogue(shop, CATEGORIES), encoder, out, shard_items=2)


def test_every_item_is_encoded_as_the_model_does_it(model, shop, tmp_path):
    manifest = encode(model, shop, tmp_path / "out")
    table = pa.concat_tables(pq.read_table(tmp_path / "out" / shard.file) for shard in manifest.shards)
    names = ["pants/c.png", "shirt/a.png", "shirt/b.png", "shoes/d.png", "shoes/e.png"]  # a hat fits no slot
    assert table["item"].to_pylist() == names
    assert table["category"].to_pylist() == ["bottom", "top", "top", "shoe", "shoe"]
    assert [shard.items for shard in manifest.shards] == [2, 2, 1]
    pixels = np.stack([np.asarray(Image.open(shop / name)) for name in names])
    with torch.inference_mode():
        seen = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
        expected = model.encode_items(seen, torch.tensor([1, 0, 0, 2, 2]))
    np.testing.assert_allclose(np.array(table["features"].to_pylist()), expected, atol=1e-4)
    features = CatalogueFeatures(tmp_path / "out", tmp_path)
    assert features.rows(["shoes/d.png", "none"]).tolist() == [3, -1]
    np.testing.assert_array_equal(features.vectors.part(0, 5), np.float32(table["features"].to_pylist()))


def test_broken_images_are_listed_and_nothing_else_is_lost(model, shop, tmp_path):
    (shop / "shirt" / "b.png").write_bytes(b"\x89PNG broken")
    catalogue = open_catalogue(shop, CATEGORIES)
    (shop / "shoes" / "d.png").unlink()
    with pytest.raises(InputError, match=r"--images: found 1 missing images since the start.*run it again"):
        encode_catalogue(model, catalogue, ENCODER, tmp_path / "out", shard_items=2)
    manifest = encode(model, shop, tmp_path / "out")
    assert [item.item for item in manifest.broken] == ["shirt/b.png"]
    assert manifest.items == 3
    assert manifest.whole


def test_a_finished_shard_is_not_encoded_again(model, shop, tmp_path, monkeypatch):
    out = tmp_path / "out"
    encode(model, shop, out)
    before = {file.name: file.stat().st_mtime_ns for file in out.glob("*.parquet")}
    (out / "features-00001.parquet").write_bytes(b"PAR1 cut short")
    (shop / "shoes" / "e.png").write_bytes(picture(7) + b" ")  # the last shard's item
    encode(model, shop, out)
    after = {file.name: file.stat().st_mtime_ns for file in out.glob("*.parquet")}
    assert {name for name in before if after[name] == before[name]} == {"features-00000.parquet"}
    monkeypatch.setattr(model, "encode_items", None)  # would fail if it were asked
    assert encode(model, shop, out).items == 5


def test_features_of_another_model_are_kept(model, shop, tmp_path):
    encode(model, shop, tmp_path / "out")
    other = ENCODER.model_copy(update={"weights": "1"})
    with pytest.raises(InputError, match=r"manifest.json, weights: found 0, expected 1; give another --out"):
        encode(model, shop, tmp_path / "out", encoder=other)


def test_features_of_images_keep_the_key_that_they_had_before_vectors_were_seen(model, shop, tmp_path):
    encode(model, shop, tmp_path / "out")
    told = json.loads((tmp_path / "out" / "manifest.json").read_text())["encoder"]
    seen = {"weights": "0", "categories": list(CATEGORIES), "image_size": SIZE, "decoder": 1}
    whose = {"model": "student-xs", "feature_size": 128} | seen
    assert told == {"method": "XS"} | whose
    assert ENCODER.key == content_hash(whose)


def test_a_parquet_file_gives_the_same_as_its_folder(model, shop, tmp_path):
    table = {
        "item": ["pants/c.png", None, "odd", "shirt/a.png"],
        "category": ["bottom", "top", "hat", "top"],
        "image": [(shop / "pants/c.png").read_bytes(), b"", b"", (shop / "shirt/a.png").read_bytes()],
    }
    pq.write_table(pa.table(table), tmp_path / "shop.parquet")
    manifest = encode(model, tmp_path / "shop.parquet", tmp_path / "rows")
    assert [item.found for item in manifest.broken] == ["no item", "'hat'"]
    encode(model, shop, tmp_path / "files")
    rows, files = (CatalogueFeatures(tmp_path / name, tmp_path / name) for name in ("rows", "files"))
    np.testing.assert_allclose(rows.vectors.part(0, 2), files.vectors.part(0, 2), atol=1e-4)
    assert len(rows.vectors) == 2


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_part_is_its_items_wherever_they_are_read(shop, tmp_path, monkeypatch, kind):
    names = [path.relative_to(shop).as_posix() for path in sorted(shop.rglob("[a-e].png"))]
    images = [(shop / name).read_bytes() for name in names]
    kinds = ["bottom", "top", "top", "shoe", "shoe"]
    rows = pa.table({"item": names, "category": kinds, "image": images})
    pq.write_table(rows, tmp_path / "shop.parquet", row_group_size=2)
    monkeypatch.chdir(tmp_path)
    whole = open_catalogue(Path("shop" if kind == "folder" else "shop.parquet"), CATEGORIES)
    keys, parts = {}, {}
    for own in ((0, 2), (1, 4), (2, 3), (3, 6)):
        keys[own], parts[own] = whole.key(*own), pickle.dumps(whole.part(*own))
    monkeypatch.chdir("/")
    for (first, stop), pickled in parts.items():
        part = pickle.loads(pickled)
        assert [item.name for item in part.items()] == names[first:stop]
        assert [item.read() for item in part.items()] == images[first:stop]
        assert [CATEGORIES[item.category] for item in part.items()] == kinds[first:stop]
        assert len(part) == len(names[first:stop])
        assert part.key(0, stop - first) == keys[first, stop]
    for path in (shop / names[2], tmp_path / "shop.parquet"):
        os.utime(path, (0, 0))
    assert pickle.loads(parts[1, 4]).key(0, 3) != keys[1, 4]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda place: place, "found nothing, expected a folder of images or a Parquet file"),
        (lambda place: (place.write_bytes(b"no"), place)[1], "expected a Parquet file"),
        (
            lambda place: (pq.write_table(pa.table({"item": ["a"]}), place), place)[1],
            "found no column category, image among 'item', expected the columns item",
        ),
        (lambda place: (place.mkdir(), place)[1], "found no image, expected images in a folder a class"),
    ],
)
def test_what_is_no_catalogue(tmp_path, make, said):
    with pytest.raises(InputError, match=said):
        open_catalogue(make(tmp_path / "given"), CATEGORIES)


def test_a_class_that_the_model_does_not_know_is_refused(shop):
    (shop / "hat").rename(shop / "sofa")
    with pytest.raises(InputError, match="found 'sofa', expected a class whose category the model knows"):
        open_catalogue(shop, CATEGORIES)


def test_features_that_are_not_whole_are_refused(model, shop, tmp_path):
    with pytest.raises(InputError, match=r"found no manifest.json .*make it with `outfitbench encode`"):
        CatalogueFeatures(tmp_path, tmp_path)
    path = tmp_path / "out" / "manifest.json"
    encode(model, shop, tmp_path / "out")
    path.write_text(path.read_text().replace('"whole": true', '"whole": false'))
    with pytest.raises(InputError, match="found features that are not whole"):
        CatalogueFeatures(tmp_path / "out", tmp_path)
