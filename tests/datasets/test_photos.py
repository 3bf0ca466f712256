"""The dataset made of photographs: looks, styles and simulated users."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from outfitbench.datasets import InputError, load_dataset
from outfitbench.datasets.photos import load_photos
from outfitbench.datasets.photos.looks import LOOKS, measure_looks, rank_levels
from outfitbench.datasets.photos.styles import find_styles, style_contrast, style_weights
from outfitbench.datasets.simulation import Dice
from outfitbench.datasets.splits import shared_items
from sklearn.metrics import roc_auc_score

from .snapped_photos import snap


def test_a_broken_photograph_is_named(tmp_path: Path, cache: Path) -> None:
    broken = snap(tmp_path) / "shoes" / "005.png"
    broken.write_bytes(broken.read_bytes()[:60])
    with pytest.raises(InputError, match=r"shoes/005\.png"):
        load_photos(tmp_path, cache=cache)
    assert not list(cache.rglob("*.npy"))


def test_the_same_photographs_give_the_same_dataset(tmp_path: Path, cache: Path) -> None:
    one, other = (load_photos(snap(tmp_path / place), cache=cache) for place in ("here", "there"))
    assert one.fingerprint == other.fingerprint
    (tmp_path / "there" / "shoes" / "005.png").unlink()
    assert load_photos(tmp_path / "there", cache=cache).fingerprint != one.fingerprint


@pytest.mark.parametrize("split", ["released", "9:2:2"])
def test_a_small_folder_is_a_dataset(tmp_path: Path, cache: Path, split: str) -> None:
    dataset = load_dataset("photos", snap(tmp_path), split=split, cache=cache)
    train, test = dataset.split("train"), dataset.split("test")
    assert (dataset.num_items, dataset.num_users, dataset.categories) == (60, 4, ("top", "bottom", "shoe"))
    assert (dataset.item_category[train.items] == [0, 1, 2]).all()
    assert len(train) + len(dataset.split("valid")) + len(test) == pytest.approx(64, abs=2)
    assert shared_items(train, test) == 0 or split == "9:2:2"
    assert dataset.images(np.array([0, 59]), size=32).shape == (2, 32, 32, 3)


def test_looks_are_those_of_the_middle() -> None:
    def look(picture: np.ndarray) -> dict[str, int]:
        return dict(zip(LOOKS, measure_looks(picture[None].astype(np.uint8))[0].tolist(), strict=True))

    grey = np.full((16, 16, 3), 90)
    framed = grey.copy()
    framed[:4], framed[12:], framed[:, :4], framed[:, 12:] = 255, 0, 255, 0
    assert look(grey) == look(framed)
    assert look(grey) == dict.fromkeys(LOOKS, 0) | {"lightness": 64 * 270}

    blue = np.add(grey, [0, 0, 100])
    assert look(blue)["yellow-blue"] == 64 * -200
    assert look(blue)["saturation"] == 64 * 100
    checked, halves = grey.copy(), grey.copy()
    checked[::2, ::2] += 50
    checked[1::2, 1::2] += 50
    halves[:, :8] += 50
    assert look(checked)["contrast"] == look(halves)["contrast"] == 64 * 75
    assert look(checked)["texture"] > 5 * look(halves)["texture"]


def test_levels_are_ranks_within_a_category() -> None:
    looks = np.random.default_rng(0).permutation(400).reshape(200, 2).astype(np.int64)
    category = np.repeat(np.int8([0, 1]), 100)
    levels = rank_levels(looks, category)
    for number in (0, 1):
        assert sorted(levels[category == number, 0].tolist()) == list(range(100))
    assert (np.argsort(looks[:100, 1]) == np.argsort(levels[:100, 1])).all()


def test_styles_are_spread_out_and_prefer_what_is_near() -> None:
    levels = np.random.default_rng(1).integers(0, 100, (500, 6))
    styles = find_styles(levels, Dice(1))
    between = np.linalg.norm(styles[:, None] - styles[None], axis=2)
    assert between[~np.eye(len(styles), dtype=bool)].min() > 60
    nearest = np.linalg.norm(levels[:, None] - styles[None], axis=2).argmin(axis=1)
    assert (style_weights(levels, styles).argmax(axis=1) == nearest).all()
    contrast = style_contrast(styles)
    assert (contrast == contrast.T).all()
    assert not contrast.diagonal().any()


def test_real_photographs_are_worth_learning(clothing_photos: Path, session_cache: Path) -> None:
    dataset = load_photos(clothing_photos, cache=session_cache)
    assert (dataset.num_users, dataset.num_items) == (40, 2336)
    assert "left out because they fit no slot: dress (288), hat (149)" in dataset.origin
    assert dataset.hidden is not None
    worn = np.concatenate([dataset.split(split).items.ravel() for split in ("train", "valid", "test")])
    assert 2.5 < len(worn) / len(np.unique(worn)) < 4
    auc = {}
    for setting in ("random", "hard"):
        candidates = dataset.candidates("test", setting)
        scores = dataset.hidden.preference(candidates.users, candidates.items)
        of_user = [candidates.users == user for user in range(dataset.num_users)]
        auc[setting] = np.mean([roc_auc_score(candidates.labels[rows], scores[rows]) for rows in of_user])
    assert auc["random"] >= 0.95
    assert auc["hard"] >= 0.85
