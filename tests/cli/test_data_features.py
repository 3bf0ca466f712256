"""`outfitbench data features`: the same outfits and questions, the items by what a backbone makes of them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from outfitbench.cli.main import main
from outfitbench.datasets import load_dataset
from outfitbench.models.backbones import BACKBONES

SIZE = 64


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("features") / "closet-12"
    words = ["--image-size", str(SIZE), "--quiet"]
    assert main(["data", "features", "closet-12", "--out", str(folder), *words]) == 0
    return folder


def test_outfits_splits_and_test_candidates_are_the_sources(tree: Path):
    source, found = load_dataset("closet-12"), load_dataset("closet-12", tree)
    assert found.pictures is None
    assert found.fingerprint != source.fingerprint
    np.testing.assert_array_equal(found.item_category, source.item_category)
    for name in ("train", "valid", "test", "valid-teacher", "valid-student"):
        np.testing.assert_array_equal(found.split(name).users, source.split(name).users)
        np.testing.assert_array_equal(found.split(name).items, source.split(name).items)
    for setting in ("random", "hard"):
        for name in ("test", "valid-teacher", "valid-student"):
            ours, theirs = (dataset.candidates(name, setting) for dataset in (found, source))
            assert ours.fingerprint == theirs.fingerprint, name


def test_an_items_features_are_the_backbones_own_answer(tree: Path):
    source, found = load_dataset("closet-12"), load_dataset("closet-12", tree)
    ids = np.array([0, 7, 100, source.num_items - 1])
    # As the network wants its pixels: (x − 127) / 128.
    images = (torch.from_numpy(source.images(ids, SIZE)).permute(0, 3, 1, 2).float() - 127) / 128
    network = BACKBONES.get("efficientnet-lite0")(True)
    with torch.inference_mode():
        right = network.module.eval()(images)
    np.testing.assert_allclose(found.features(ids), right.numpy(), rtol=1e-4, atol=1e-5)


def test_the_smallest_line_runs_on_it(tree: Path, tmp_path: Path, capsys):
    words = ["--dataset", "closet-12", "--root", str(tree), "--out", str(tmp_path), "--epochs", "1"]
    assert (
        main(["run", "features", *words, "--methods", "fnd-xs", "--seeds", "0", "--dry-run", "--json"]) == 0
    )
    labels = [trial["label"] for trial in json.loads(capsys.readouterr().out)["trials"]]
    assert labels[:2] == [f"{name} · closet-12 · random · seed 0" for name in ("Teacher", "FND XS")]


def test_a_missing_package_is_told_before_anything_is_encoded(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["data", "features", "closet-12", "--out", str(tmp_path / "x"), "--quiet"]) == 2
    assert "run pip install 'outfitbench[lmdb]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["closet-12"], "argument --out: found none"),
        (["photos", "--root", os.devnull, "--out", "x"], "closet-…, polyvore-…"),
        (["closet-12", "--out", "x", "--backbone", "efficientnet-lite"], "nearest: efficientnet-lite0"),
        (["closet-12", "--out", "."], "found something that is there"),
        (
            ["closet-12", "--out", "x", "--image-size", "-5"],
            "argument --image-size: found -5, expected one pixel",
        ),
    ],
)
def test_what_cannot_be_is_one_line(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["data", "features", *arguments, "--quiet"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
    assert not list(tmp_path.iterdir())
