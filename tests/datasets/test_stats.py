from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
from outfitbench.datasets import describe, load_dataset
from outfitbench.datasets.polyvore import read_tree

from .written_trees import small_tree, write_converted, write_original


def test_statistics_of_a_tree_counted_by_hand(tmp_path: Path, cache: Path) -> None:
    tree = small_tree(variable=True)
    test = [row for row in tree.outfits["test"] if row[0] != 2]
    # User 0 wears top 0 of training again in the test part.
    test[0] = [0, 0, -1, 6, 6]
    write_original(dataclasses.replace(tree, outfits={**tree.outfits, "test": test}), tmp_path)
    statistics = describe(read_tree(tmp_path, "polyvore-3", cache=cache))
    assert statistics.users == 3
    assert statistics.items == 72
    assert statistics.items_by_category == {"top": 24, "bottom": 24, "shoe": 24}
    assert statistics.outfits == {"train": 12, "valid": 6, "test": 4}
    assert statistics.sizes == {"3": 11, "4": 11}
    assert statistics.wears_per_item == (11 * 3 + 11 * 4) / 72
    assert statistics.users_without_test == 1
    assert statistics.users_without_train == 0
    assert statistics.shared_with_test == 1


def test_statistics_do_not_depend_on_the_layout(tmp_path: Path, cache: Path) -> None:
    tree = small_tree(variable=True)
    write_original(tree, tmp_path / "a")
    write_converted(tree, tmp_path / "b")
    first, second = (describe(read_tree(tmp_path / place, "polyvore-3", cache=cache)) for place in "ab")
    assert first == second


def test_a_made_dataset_tells_how_many_of_its_negatives_are_truly_liked() -> None:
    dataset = load_dataset("closet-12")
    assert dataset.hidden is not None
    statistics = describe(dataset)
    train = dataset.split("train")
    liking = dataset.hidden.preference(train.users, train.items)
    bar = np.array([liking[train.users == user].mean() for user in range(12)])
    for setting in ("random", "hard"):
        candidates = dataset.candidates("test", setting)
        liked = dataset.hidden.preference(candidates.users, candidates.items) >= bar[candidates.users]
        assert statistics.truly_liked_negatives[f"test {setting}"] == liked[~candidates.labels].mean()
        asked = zip(candidates.users.tolist(), map(tuple, candidates.items.tolist()), strict=True)
        counts = Counter(one for one, label in zip(asked, candidates.labels, strict=True) if not label)
        repeated = statistics.drawn_negatives_repeated[setting]
        assert repeated == counts.total() - len(counts)
    assert statistics.truly_liked_negatives["train hard"] > statistics.truly_liked_negatives["train random"]


def test_who_does_not_know_the_truth_tells_none(tmp_path: Path, cache: Path) -> None:
    write_original(small_tree(), tmp_path)
    statistics = describe(read_tree(tmp_path, "polyvore-3", cache=cache))
    assert statistics.truly_liked_negatives == {}


def test_released_negatives_that_were_posted_are_counted(tmp_path: Path, cache: Path) -> None:
    tree = small_tree(variable=True)
    test, train = tree.outfits["test"], tree.outfits["train"]
    negatives = [[row[0], row[1], -1, (row[3] + 1 + n) % 24, n] for row in test for n in range(10)]
    user, top, other, bottom, shoe = test[1]
    assert other != -1
    negatives[0] = [user, other, top, bottom, shoe]  # a positive of this split, its tops exchanged
    negatives[1] = list(train[0])  # one of training
    negatives[2] = list(train[0])
    negatives[3] = [0, *train[-1][1:]]  # somebody else's
    write_original(dataclasses.replace(tree, negatives={("test", "nega"): negatives}), tmp_path)
    statistics = describe(read_tree(tmp_path, "polyvore-3", cache=cache))
    assert statistics.negatives_posted_in_split == {"test random": 1}
    assert statistics.negatives_posted_elsewhere == {"test random": 2}
    assert statistics.negatives_repeated == {"test random": 1}


def test_negatives_that_cannot_be_read_do_not_keep_the_rest_from_being_described(
    tmp_path: Path, cache: Path
) -> None:
    tree = dataclasses.replace(small_tree(), negatives={("test", "nega"): [[0, 1, 2, 3]]})
    write_original(tree, tmp_path)
    statistics = describe(read_tree(tmp_path, "polyvore-3", cache=cache))
    assert statistics.users == 3
    assert statistics.negatives_posted_in_split == {}
