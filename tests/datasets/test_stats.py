from __future__ import annotations

import dataclasses
from pathlib import Path

from outfitbench.datasets import describe
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
    assert statistics.shared_with_test == 1


def test_statistics_do_not_depend_on_the_layout(tmp_path: Path, cache: Path) -> None:
    tree = small_tree(variable=True)
    write_original(tree, tmp_path / "a")
    write_converted(tree, tmp_path / "b")
    first, second = (describe(read_tree(tmp_path / place, "polyvore-3", cache=cache)) for place in "ab")
    assert first == second
