"""A tree of the converted release, whose items are feature vectors, all the way from the data to ONNX.

And from a shop's vectors to every user's best outfits.
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import onnxruntime
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from outfitbench.cli.main import main
from outfitbench.models import create_model
from safetensors.torch import load_file

from ..datasets.written_trees import CATEGORIES, small_tree, write_converted, write_features

SUITE = """
title = "One student of features"
datasets = ["polyvore-32"]
methods = ["fhn"]

[every_method.recipe]
epochs = 1
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("features")
    tree = small_tree(variable=True, users=32)
    write_converted(tree, home / "data")
    write_features(tree, home / "data", size=24)
    (home / "one.toml").write_text(SUITE)
    where = ["--root", str(home / "data"), "--out", str(home / "runs")]
    assert main(["run", str(home / "one.toml"), *where, "--quiet"]) == 0
    return home / "runs"


def test_the_report_says_what_the_items_are(run):
    page = (run / "report" / "README.md").read_text()
    assert "24 numbers" in page


def test_an_export_takes_vectors_of_that_width(run, capsys, tmp_path):
    assert main(["export", str(run), "--out", str(tmp_path), "--json", "--quiet"]) == 0
    (export,) = json.loads(capsys.readouterr().out)["exports"]
    assert (export["input_kind"], export["input_size"]) == ("features", 24)
    (folder,) = tmp_path.iterdir()
    session = onnxruntime.InferenceSession(folder / "encoder.onnx", providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape[1:] == [24]


def test_its_cost_is_measured(run, least_effort, capsys):
    assert main(["profile", str(run), "--workload", "request", "--json", "--quiet"]) == 0
    torch, onnx = json.loads(capsys.readouterr().out)["profiles"]
    assert (torch["engine"], onnx["engine"]) == ("torch", "onnxruntime")
    assert onnx["parity"]["max_abs_difference"] <= 1e-4


def test_from_a_shops_vectors_to_every_users_best(run, capsys, tmp_path):
    """Three items of each category, one of them broken; the oracle is the model itself."""
    vectors = np.random.default_rng(1).normal(size=(9, 24)).astype(np.float32)
    vectors[2, 5] = np.nan
    names = [f"{kind}-{number}" for kind in CATEGORIES for number in range(3)]
    kinds = [name.partition("-")[0] for name in names]
    shop = {"item": names, "category": kinds, "features": vectors.tolist()}
    pq.write_table(pa.table(shop), tmp_path / "shop.parquet")
    worn = np.array([*product((0, 1), (3, 4, 5), (6, 7, 8)), (2, 3, 6)])
    outfits = {"outfit": [*map(str, range(len(worn)))], "items": [[names[n] for n in row] for row in worn]}
    pq.write_table(pa.table(outfits), tmp_path / "outfits.parquet")
    out, told = str(tmp_path / "features"), ["--json", "--quiet"]

    assert main(["encode", str(run), "--images", str(tmp_path / "shop.parquet"), "--out", out, *told]) == 0
    encoded = json.loads(capsys.readouterr().out)
    assert (encoded["items"], encoded["encoder"]["vector_size"]) == (8, 24)
    assert encoded["broken"] == [{"item": names[2], "found": "NaN or infinity"}]

    files = ["--outfits", str(tmp_path / "outfits.parquet"), "--out", str(tmp_path / "best.parquet")]
    assert main(["recommend", str(run), "--features", out, *files, "-k", "3", *told]) == 0
    ranked = json.loads(capsys.readouterr().out)
    assert (ranked["users"], ranked["outfits"], ranked["left_out"]) == (32, 18, 1)

    model = create_model("fhn", num_users=32, input_kind="features", feature_size=24).eval()
    (weights,) = run.rglob("weights.safetensors")
    model.load_state_dict(load_file(weights))
    with torch.inference_mode():
        categories = torch.arange(9) // 3
        features, rows = model.encode_items(torch.from_numpy(vectors), categories), worn[:-1]
        scores = model.score_matrix(torch.arange(32), features[rows], categories[rows]).numpy()
    best = pq.read_table(tmp_path / "best.parquet")
    ordered = -np.sort(-scores, axis=1)[:, :3]
    np.testing.assert_allclose(np.reshape(best["score"], (32, 3)), ordered, atol=1e-5)
    chosen = np.reshape([int(name) for name in best["outfit"].to_pylist()], (32, 3))
    np.testing.assert_allclose(np.take_along_axis(scores, chosen, 1), ordered, atol=1e-5)


def test_images_are_refused_and_what_to_give_instead_is_said(run, capsys, tmp_path):
    table = {"item": ["a"], "category": ["top"], "image": [b""]}
    pq.write_table(pa.table(table), tmp_path / "images.parquet")
    wanted = "features (a list of 24 float32 numbers, which the model sees in place of an image)"
    for images, found in (
        (tmp_path, "a folder, and a model of features, which sees no images, expected a Parquet"),
        (tmp_path / "images.parquet", "no column features among 'item, category, image', expected"),
    ):
        given = ["--images", str(images), "--out", str(tmp_path / "out"), "--quiet"]
        assert main(["encode", str(run), *given]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert f"{images}: found {found}" in line
        assert line.endswith(wanted)
