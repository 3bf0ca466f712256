"""Rows of a tree that are left out and said: repeated ones always, unusable ones where that is asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from outfitbench.datasets import InputError, inspect_dataset, load_dataset
from outfitbench.datasets.polyvore import read_tree

from .written_trees import Tree, small_tree, write_converted, write_images, write_original

NAME = "polyvore-3"
Write = Callable[[Tree, Path], Path]


def negatives_of(rows: list[list[int]]) -> list[list[int]]:
    """Ten negatives for each row, told by their tops, which are those of their positives."""
    return [[user, top, (bottom + 1 + n) % 24, n] for user, top, bottom, _ in rows for n in range(10)]


def with_rows(tree: Tree, split: str, rows: list[list[int]]) -> Tree:
    return dataclasses.replace(tree, outfits={**tree.outfits, split: rows})


@pytest.mark.parametrize("write", [write_original, write_converted])
def test_repeated_rows_are_left_out_counted_and_said(write: Write, tmp_path: Path, cache: Path) -> None:
    tree = small_tree()
    train, test = list(tree.outfits["train"]), list(tree.outfits["test"])
    repeated = with_rows(tree, "train", [train[0], train[0], *train[1:], train[4]])
    repeated = with_rows(repeated, "test", [test[0], train[2], *test[1:]])
    write(tree, tmp_path / "once")
    write(repeated, tmp_path / "twice")
    once = read_tree(tmp_path / "once", NAME, cache=cache)
    twice = read_tree(tmp_path / "twice", NAME, cache=cache)
    assert once.left_out == {}
    assert once.notes == ()
    assert twice.fingerprint == once.fingerprint
    original = write is write_original
    names = ("tuples_train_posi", "tuples_test_posi") if original else ("train_pos", "test_pos")
    assert twice.left_out == {f"repeated rows of {names[0]}": 2, f"repeated rows of {names[1]}": 1}
    first, other = twice.notes
    line = 2 if original else 1
    assert first.startswith(f"2 repeated rows of {names[0]} left out: ")
    assert f"{names[0]}:{line + 1} stands at " in first
    assert f"{names[0]}:{line} too" in first
    assert other.startswith(f"1 repeated row of {names[1]} left out: ")
    assert f"{names[0]}:{line + 3} too" in other  # the third row of training, behind a repeated one


def test_the_negatives_of_a_row_that_is_left_out_are_left_out_too(tmp_path: Path, cache: Path) -> None:
    tree = small_tree()
    test = [list(row) for row in tree.outfits["test"]]
    rows = [test[0], test[0], *test[1:3], [0, 99, 1, 1], *test[3:]]
    broken = with_rows(tree, "test", rows)
    broken.negatives = {("test", "nega"): negatives_of(rows)}
    broken.negatives["test", "nega"][33][3] = 77  # a negative of its own that cannot be used
    broken.negatives["test", "nega"][45][1] = 5  # one of the row that is left out, now usable
    write_original(broken, tmp_path)
    dataset = read_tree(tmp_path, NAME, cache=cache, skip_unusable=True)
    candidates = dataset.candidates("test", "random")
    positives, negatives = candidates.items[candidates.labels], candidates.items[~candidates.labels]
    assert positives[:, 0].tolist() == [row[1] for row in test]
    counts = [10, 10, 9, 10, 10, 10]
    np.testing.assert_array_equal(negatives[:, 0], np.repeat(positives[:, 0], counts))
    np.testing.assert_array_equal(
        candidates.users[~candidates.labels], np.repeat([row[0] for row in test], counts)
    )
    assert dataset.left_out == {
        "repeated rows of tuples_test_posi": 1,
        "unusable rows of tuples_test_posi": 1,
        "unusable rows of tuples_test_nega": 10,  # nine of the row of top 99, and the one of shoe 77
    }
    assert "tuples_test_nega:35: found 77 as shoe" in dataset.notes[-1]


def test_unusable_rows_are_refused_with_what_to_do_or_left_out_by_option(tmp_path: Path, cache: Path) -> None:
    tree = small_tree(users=53)
    rows = [list(row) for row in tree.outfits["train"]]
    rows[1][2] = 7000
    folder = write_original(with_rows(tree, "train", rows), tmp_path)
    with pytest.raises(
        InputError, match=r"posi:3: found 7000 as bottom, .*; mend it, or leave .* with skip_unusable"
    ):
        load_dataset("polyvore-53", tmp_path, cache=cache)
    dataset = load_dataset("polyvore-53", tmp_path, cache=cache, skip_unusable=True)
    assert len(dataset.split("train")) == len(rows) - 1
    assert dataset.left_out == {"unusable rows of tuples_train_posi": 1}
    (note,) = dataset.notes
    assert note == (
        f"1 unusable row of tuples_train_posi left out: {folder}/tuples_train_posi:3: "
        "found 7000 as bottom, expected a bottom from 0 to 423"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "image_list_top").unlink(), "image_list_top: found no such file"),
        (lambda folder: (folder / "tuples_val_posi").write_text("what,is,this\n1,2,3\n"), "posi:1: found"),
        (
            lambda folder: (folder / "tuples_val_posi").write_text("user,top,bottom,shoe\n9,9,9,9\n"),
            "tuples_val_posi: found no row that can be used",
        ),
        (
            lambda folder: (folder / "tuples_test_nega").write_text("user,top,bottom,shoe\n0,9,9,9\n"),
            "tuples_test_nega: found 1 rows, expected 60 rows",
        ),
    ],
)
def test_what_is_more_than_a_row_is_never_left_out(
    change: Callable[[Path], object], message: str, tmp_path: Path, cache: Path
) -> None:
    change(write_original(small_tree(), tmp_path))
    with pytest.raises(InputError, match=message):
        read_tree(tmp_path, NAME, cache=cache, skip_unusable=True)


def test_a_dataset_without_rows_cannot_leave_any_out(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="argument skip_unusable: found the dataset photos"):
        load_dataset("photos", tmp_path, skip_unusable=True)


def test_the_check_notes_what_is_left_out_and_negatives_that_were_posted(tmp_path: Path, cache: Path) -> None:
    tree = small_tree(users=32)
    train, test = list(tree.outfits["train"]), list(tree.outfits["test"])
    tree = with_rows(tree, "train", [*train, train[0]])
    tree.negatives = {("test", "nega"): [row for row in test for _ in range(10)]}
    tree.negatives["test", "nega"][0] = train[0]
    write_original(tree, tmp_path)
    write_images(tree, tmp_path)
    findings = inspect_dataset("polyvore-32", tmp_path, cache=cache)
    assert findings.faults == []
    repeated, posted = findings.notes
    assert repeated.startswith("1 repeated row of tuples_train_posi left out")
    assert posted == (
        "tuples_test_nega: of 640 negatives 639 equal a positive of the same user in this split, "
        "1 one in another, and 575 repeat a negative of the same user"
    )
