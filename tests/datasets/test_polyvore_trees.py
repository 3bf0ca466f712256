"""Sound trees: both layouts, fixed and variable size, images and features."""

from __future__ import annotations

import dataclasses
import itertools
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from outfitbench.datasets import Dataset, InputError
from outfitbench.datasets.check import inspect_tree
from outfitbench.datasets.polyvore import read_tree

from .written_trees import (
    Tree,
    all_names,
    picture,
    small_tree,
    write_converted,
    write_features,
    write_images,
    write_lmdb,
    write_original,
)

NAME = "polyvore-3"
Write = Callable[[Tree, Path], Path]


def outfits_of(dataset: Dataset, split: str) -> list[tuple[int, list[int]]]:
    """Users with their items, empty slots left out."""
    table = dataset.split(split)
    return [
        (user, [item for item in items if item >= 0])
        for user, items in zip(table.users.tolist(), table.items.tolist(), strict=True)
    ]


@pytest.mark.parametrize("write", [write_original, write_converted])
@pytest.mark.parametrize("variable", [False, True])
def test_reads_what_was_written(write: Write, variable: bool, tmp_path: Path, cache: Path) -> None:
    tree = small_tree(variable=variable)
    write(tree, tmp_path)
    dataset = read_tree(tmp_path, NAME, cache=cache)
    assert dataset.num_users == 3
    assert dataset.num_items == 72
    assert dataset.categories == ("top", "bottom", "shoe")
    assert list(dataset.item_names) == all_names(tree)
    assert dataset.item_category.tolist() == [0] * 24 + [1] * 24 + [2] * 24
    for split in ("train", "valid", "test"):
        users = [row[0] for row in tree.outfits[split]]
        items = [[item for item in row if item >= 0] for row in tree.global_rows(split)]
        assert outfits_of(dataset, split) == list(zip(users, items, strict=True))
    assert dataset.split("train").items.dtype == np.int32
    assert dataset.item_category.dtype == np.int8


def test_columns_keep_their_place_in_the_original_layout(tmp_path: Path, cache: Path) -> None:
    tree = small_tree(variable=True)
    write_original(tree, tmp_path)
    assert read_tree(tmp_path, NAME, cache=cache).split("train").items.tolist() == tree.global_rows("train")


def test_real_items_come_first_in_the_converted_layout(tmp_path: Path, cache: Path) -> None:
    write_converted(small_tree(variable=True), tmp_path)
    items = read_tree(tmp_path, NAME, cache=cache).split("train").items
    assert items[0].tolist() == [0, 24, 48, -1]


@pytest.mark.parametrize("below", ["", "original", "original/tuples_3"])
def test_the_root_may_be_any_folder_down_to_the_tuples(below: str, tmp_path: Path, cache: Path) -> None:
    tree = small_tree()
    write_converted(tree, tmp_path)
    vectors = write_features(tree, tmp_path)
    dataset = read_tree(tmp_path / below, NAME, cache=cache)
    ids = np.array([70, 0, 33])
    np.testing.assert_array_equal(dataset.features(ids), vectors[ids])
    assert dataset.pictures is None


SPELLINGS = {
    "the root itself": (".", "."),
    "inside original": ("original", "."),
    "inside the tuples": ("original/tuples_3", "."),
    "up from the tuples": ("original/tuples_3", ".."),
    "up and up": ("original/tuples_3", "../.."),
    "up at the end": (".", "original/tuples_3/.."),
    "down at the end": (".", "original/../original/tuples_3"),
    "a link to the root": (".", "../to-root"),
    "a link to original": (".", "../to-original"),
    "a link to the tuples": (".", "../to-tuples"),
    "up from a link": (".", "../to-tuples/.."),
}


@pytest.mark.parametrize(("inside", "root"), SPELLINGS.values(), ids=SPELLINGS)
def test_the_root_may_be_spelled_in_any_way(
    inside: str, root: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, home = small_tree(), tmp_path / "home"
    write_converted(tree, home)
    vectors = write_features(tree, home)
    for link, target in {"root": ".", "original": "original", "tuples": "original/tuples_3"}.items():
        (tmp_path / f"to-{link}").symlink_to(home / target)
    monkeypatch.chdir(home / inside)
    dataset = read_tree(Path(root), NAME, cache=cache)
    np.testing.assert_array_equal(dataset.features(np.arange(72)), vectors)
    assert dataset.origin == "tuples_3 of the converted release"


def test_tuples_that_are_linked_to_lie_beside_the_link(tmp_path: Path, cache: Path) -> None:
    tree = small_tree()
    write_original(tree, tmp_path / "lists")
    write_images(tree, tmp_path / "here")
    (tmp_path / "here" / "tuples_3").symlink_to(tmp_path / "lists" / "tuples_3")
    dataset = read_tree(tmp_path / "here", NAME, cache=cache)
    assert dataset.images(np.array([5]), 8).shape == (1, 8, 8, 3)


@pytest.mark.parametrize(("listed", "stored"), [("NFC", "NFD"), ("NFD", "NFC")])
@pytest.mark.parametrize("below", ["", "été/"])
def test_images_are_found_under_names_in_another_normal_form(
    listed: str, stored: str, below: str, tmp_path: Path, cache: Path
) -> None:
    tree = small_tree()
    names = [[f"{below}é{name}" for name in part] for part in tree.names]

    def in_form(form: str) -> Tree:
        return dataclasses.replace(
            tree, names=[[unicodedata.normalize(form, name) for name in part] for part in names]
        )

    write_original(in_form(listed), tmp_path)
    if below:
        (tmp_path / "images" / "291x291" / unicodedata.normalize(stored, below)).mkdir(parents=True)
    write_images(in_form(stored), tmp_path)
    dataset = read_tree(tmp_path, NAME, cache=cache)
    assert dataset.pictures is not None
    assert [dataset.pictures.read(item) for item in range(72)] == [picture(item) for item in range(72)]
    assert inspect_tree(tmp_path, NAME, cache).faults == []


def test_two_forms_of_one_name_are_one_name(tmp_path: Path, cache: Path) -> None:
    tree = small_tree()
    tops = ["\u00e9.jpg", "e\u0301.jpg", *tree.names[0][2:]]
    folder = write_original(dataclasses.replace(tree, names=[tops, *tree.names[1:]]), tmp_path)
    with pytest.raises(
        InputError, match=f"{folder}/image_list_top:2: found the image name .* stands at .*:1"
    ):
        read_tree(tmp_path, NAME, cache=cache)


@pytest.mark.parametrize("folder", ["images/291x291", "images/16x16", "images"])
def test_images_from_a_folder(folder: str, tmp_path: Path, cache: Path) -> None:
    tree = small_tree()
    write_original(tree, tmp_path)
    write_images(tree, tmp_path, folder)
    dataset = read_tree(tmp_path, NAME, cache=cache)
    assert dataset.pictures is not None
    assert [dataset.pictures.read(item) for item in range(72)] == [picture(item) for item in range(72)]
    assert dataset.images(np.array([5, 71]), 8).shape == (2, 8, 8, 3)


@pytest.mark.parametrize("folder", ["images/291x291", "images", "images.lmdb", "features/images"])
def test_images_from_an_lmdb(folder: str, tmp_path: Path, cache: Path) -> None:
    tree = small_tree()
    write_original(tree, tmp_path)
    write_lmdb(tmp_path / folder, {name: picture(item) for item, name in enumerate(all_names(tree))})
    dataset = read_tree(tmp_path, NAME, cache=cache)
    assert dataset.pictures is not None
    assert [dataset.pictures.read(item) for item in range(72)] == [picture(item) for item in range(72)]
    assert dataset.vectors is None


@pytest.mark.parametrize("write", [write_original, write_converted])
def test_a_tree_with_images_and_features_can_be_used_either_way(
    write: Write, tmp_path: Path, cache: Path
) -> None:
    tree = small_tree()
    write(tree, tmp_path)
    write_images(tree, tmp_path)
    vectors = write_features(tree, tmp_path)
    dataset = read_tree(tmp_path, NAME, cache=cache)
    ids = np.array([3, 71])
    assert dataset.images(ids, 8).shape == (2, 8, 8, 3)
    np.testing.assert_array_equal(dataset.features(ids), vectors[ids])


def test_names_without_a_suffix_are_jpegs(tmp_path: Path, cache: Path) -> None:
    tree = small_tree()
    write_images(tree, tmp_path)
    bare = dataclasses.replace(tree, names=[[Path(name).stem for name in names] for names in tree.names])
    write_original(bare, tmp_path)
    dataset = read_tree(tmp_path, NAME, cache=cache)
    assert dataset.pictures is not None
    assert dataset.pictures.read(50) == picture(50)


def test_without_images_or_features_the_outfits_can_still_be_read(tmp_path: Path, cache: Path) -> None:
    write_original(small_tree(), tmp_path)
    dataset = read_tree(tmp_path, NAME, cache=cache)
    assert len(dataset.candidates("test", "random")) == 6 * 11
    with pytest.raises(InputError, match="items without images"):
        dataset.images(np.array([0]))
    with pytest.raises(InputError, match="items without features"):
        dataset.features(np.array([0]))


def test_byte_order_mark_carriage_returns_and_a_missing_last_newline(tmp_path: Path, cache: Path) -> None:
    tree = small_tree(variable=True)
    plain, marked = tmp_path / "plain", tmp_path / "marked"
    write_original(tree, plain)
    for file in write_original(tree, marked).iterdir():
        text = file.read_bytes().rstrip(b"\n").replace(b"\n", b"\r\n")
        file.write_bytes(b"\xef\xbb\xbf" + text)
    expected = read_tree(plain, NAME, cache=cache).fingerprint
    assert read_tree(marked, NAME, cache=cache).fingerprint == expected


def test_a_user_without_test_positives_is_sound(tmp_path: Path, cache: Path) -> None:
    tree = small_tree()
    test = [row for row in tree.outfits["test"] if row[0] != 1]
    write_original(dataclasses.replace(tree, outfits={**tree.outfits, "test": test}), tmp_path)
    dataset = read_tree(tmp_path, NAME, cache=cache)
    assert dataset.num_users == 3
    assert np.unique(dataset.split("test").users).tolist() == [0, 2]


def test_the_fingerprint_follows_the_content_and_not_the_place(tmp_path: Path, cache: Path) -> None:
    tree = small_tree()
    renamed = dataclasses.replace(tree, names=[["other.jpg", *tree.names[0][1:]], *tree.names[1:]])
    swapped = [tree.outfits["train"][1], tree.outfits["train"][0], *tree.outfits["train"][2:]]
    reordered = dataclasses.replace(tree, outfits={**tree.outfits, "train": swapped})
    for place, content in {"a": tree, "b": tree, "renamed": renamed, "reordered": reordered}.items():
        write_original(content, tmp_path / place)
    write_converted(tree, tmp_path / "converted")
    write_original(tree, tmp_path / "with images")
    write_images(tree, tmp_path / "with images")

    def fingerprint(place: str, split: str = "released") -> str:
        return read_tree(tmp_path / place, NAME, split=split, cache=cache).fingerprint

    same = {fingerprint("a"), fingerprint("b"), fingerprint("converted")}
    others = [fingerprint(place) for place in ("renamed", "reordered", "with images")]
    assert len(same) == 1
    assert len(same.union(others, [fingerprint("a", "9:2:2")])) == 5


def with_negatives(tree: Tree) -> Tree:
    """Ten negatives for each validation and test positive, told apart by their bottoms and shoes."""
    negatives = {}
    for split, kind in itertools.product(("valid", "test"), ("nega", "nega_hard")):
        negatives[split, kind] = [
            [row[0], *row[1:-2], (row[-1] + 1 + n) % 24, n + (kind == "nega_hard")]
            for row in tree.outfits[split]
            for n in range(10)
        ]
    return dataclasses.replace(tree, negatives=negatives)


@pytest.mark.parametrize("write", [write_original, write_converted])
@pytest.mark.parametrize("setting", ["random", "hard"])
def test_released_negatives_are_used_as_they_are(
    write: Write, setting: str, tmp_path: Path, cache: Path
) -> None:
    tree = with_negatives(small_tree())
    write(tree, tmp_path)
    dataset = read_tree(tmp_path, NAME, cache=cache)
    candidates = dataset.candidates("test", setting)
    kind = {"random": "nega", "hard": "nega_hard"}[setting]
    rows = np.array(tree.negatives["test", kind])
    assert candidates.labels.tolist() == [True] * 6 + [False] * 60
    np.testing.assert_array_equal(candidates.users[6:], rows[:, 0])
    np.testing.assert_array_equal(candidates.items[6:], rows[:, 1:] + [0, 24, 48])
    assert list(cache.glob("candidates/*.npz")) == []


def test_the_halves_of_the_validation_part_keep_their_positives_negatives(
    tmp_path: Path, cache: Path
) -> None:
    tree = with_negatives(small_tree())
    write_original(tree, tmp_path)
    dataset = read_tree(tmp_path, NAME, cache=cache)
    for half in ("valid-teacher", "valid-student"):
        candidates = dataset.candidates(half, "random")
        positives, negatives = candidates.items[candidates.labels], candidates.items[~candidates.labels]
        np.testing.assert_array_equal(np.repeat(positives[:, 0], 10), negatives[:, 0])
        bottoms = (np.repeat(positives[:, 1] - 24, 10) + 1 + np.tile(np.arange(10), len(positives))) % 24
        np.testing.assert_array_equal(negatives[:, 1] - 24, bottoms)


def test_negatives_are_drawn_where_none_were_released_or_the_split_is_another(
    tmp_path: Path, cache: Path
) -> None:
    write_original(with_negatives(small_tree()), tmp_path)
    resplit = read_tree(tmp_path, NAME, split="9:2:2", cache=cache)
    assert resplit.released_negatives("test", "random") is None
    released = read_tree(tmp_path, NAME, cache=cache)
    assert released.released_negatives("train", "random") is None
    assert released.released_negatives("test", "random") is not None


@pytest.mark.parametrize("write", [write_original, write_converted])
def test_resplit_covers_all_outfits_once(write: Write, tmp_path: Path, cache: Path) -> None:
    write(small_tree(variable=True), tmp_path)
    released = read_tree(tmp_path, NAME, cache=cache)
    resplit = read_tree(tmp_path, NAME, split="9:2:2", cache=cache)
    parts = ("train", "valid", "test")
    before = sorted(outfit for part in parts for outfit in outfits_of(released, part))
    after = sorted(outfit for part in parts for outfit in outfits_of(resplit, part))
    assert before == after
    assert [len(resplit.split(part)) for part in parts] == [18, 3, 3]
    assert resplit.split_scheme == "9:2:2"
