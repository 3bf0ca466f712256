"""What `outfitbench encode` leaves as the features of a dataset, from shards that were written by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from outfitbench.datasets import InputError, inspect_dataset, load_dataset
from outfitbench.datasets.check import inspect_tree
from outfitbench.datasets.polyvore import read_tree

from .written_releases import write_pog
from .written_trees import all_names, small_tree, write_converted

SIZE = 5


def write_shards(folder: Path, names: list[str], *, whole: bool = True) -> np.ndarray:
    """The vectors of some items, in two files."""
    vectors = np.random.default_rng(0).normal(size=(len(names), SIZE)).astype(np.float32)
    folder.mkdir(parents=True)
    shards = []
    for number, part in enumerate((slice(0, len(names) // 3), slice(len(names) // 3, None))):
        shards.append({"file": f"features-{number:05}.parquet"})
        flat = pa.FixedSizeListArray.from_arrays(vectors[part].ravel(), SIZE)
        table = pa.table({"item": names[part], "category": ["any"] * len(flat), "features": flat})
        pq.write_table(table, folder / shards[-1]["file"])
    (folder / "manifest.json").write_text(json.dumps({"whole": whole, "shards": shards}))
    return vectors


def test_items_of_a_tree_are_found_by_their_files_whatever_their_order(tmp_path: Path, cache: Path) -> None:
    tree = small_tree()
    write_converted(tree, tmp_path)
    names = all_names(tree)
    order = np.random.default_rng(1).permutation(len(names))
    vectors = write_shards(tmp_path / "features" / "xs", [f"some/class/{names[item]}" for item in order])
    dataset = read_tree(tmp_path, "polyvore-3", cache=cache)
    assert dataset.vectors is not None
    assert dataset.vectors.size == SIZE
    place = {name: row for row, name in enumerate(names[item] for item in order)}
    expected = vectors[[place[name.rpartition("/")[2]] for name in dataset.item_names]]
    np.testing.assert_array_equal(dataset.features(np.arange(dataset.num_items)), expected)
    again = read_tree(tmp_path, "polyvore-3", cache=cache)
    assert again.fingerprint == dataset.fingerprint
    assert len(list((cache / "encoded").glob("*.npy"))) == 1
    assert not inspect_tree(tmp_path, "polyvore-3", cache).faults


def pog(root: Path) -> Path:
    return write_pog(root, ["o1,1a;2b"], ["1a,7,x,y", "2b,8,x,y"], ["u1,1a,o1"])


def test_items_of_pog_are_found_by_their_numbers_and_a_missing_one_is_named(
    tmp_path: Path, cache: Path
) -> None:
    vectors = write_shards(pog(tmp_path) / "features" / "xs", ["3c", "1a", "9z"])
    dataset = load_dataset("pog", tmp_path, cache=cache)
    assert dataset.item_names == ["1a", "2b"]
    np.testing.assert_array_equal(dataset.features(np.array([0])), vectors[1:2])
    with pytest.raises(InputError, match=r"xs \[2b\]: found no features, expected a vector for each item"):
        dataset.features(np.array([0, 1]))
    (fault,) = inspect_dataset("pog", tmp_path, cache=cache).faults
    assert fault.found == "no features"


@pytest.mark.parametrize(
    ("names", "whole", "said"),
    [
        (["1a", "2b"], False, "found features that are not whole, expected a finished folder; run"),
        (["1a", "top/1a.jpg"], True, r"found two items named '1a\.jpg', expected a file's name for each"),
        (["5e", "6f"], True, "found 2 items, none of them of the dataset, expected items such as '1a'"),
    ],
)
def test_a_folder_that_cannot_be_a_datasets_features(
    tmp_path: Path, cache: Path, names: list[str], whole: bool, said: str
) -> None:
    write_shards(pog(tmp_path) / "features" / "xs", names, whole=whole)
    with pytest.raises(InputError, match=said):
        load_dataset("pog", tmp_path, cache=cache)


@pytest.mark.parametrize("text", ["", "[]", '{"whole": true}', '{"whole": true, "shards": [{}]}'])
def test_a_manifest_that_is_none(tmp_path: Path, cache: Path, text: str) -> None:
    folder = pog(tmp_path) / "features" / "xs"
    write_shards(folder, ["1a", "2b"])
    (folder / "manifest.json").write_text(text)
    with pytest.raises(
        InputError, match=r"manifest\.json: found what is none, expected a manifest of features"
    ):
        load_dataset("pog", tmp_path, cache=cache)
