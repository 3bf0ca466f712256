"""Broken trees: one clear line for the first fault, and all of them from the check."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from outfitbench.datasets import InputError
from outfitbench.datasets.check import inspect_tree
from outfitbench.datasets.polyvore import read_tree

from .written_trees import (
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
ADVICE = "; mend it, or leave such rows out with skip_unusable"


def put_line(path: Path, number: int, line: bytes) -> None:
    lines = path.read_bytes().split(b"\n")
    lines[number - 1] = line
    path.write_bytes(b"\n".join(lines))


def refusal(root: Path, cache: Path, name: str = NAME) -> str:
    with pytest.raises(InputError) as caught:
        read_tree(root, name, cache=cache)
    message = str(caught.value)
    assert "\n" not in message
    return message


HEADER = "user,top,bottom,shoe"
ORIGINAL_LINES = [
    ("tuples_train_posi", 2, b"0,0,0", "found 3 fields, expected 4 fields (user,top,bottom,shoe)"),
    ("tuples_train_posi", 13, b"2,x,19,19", "found 'x' as top, expected a whole number"),
    ("tuples_val_posi", 3, b"0,5,24,5", "found 24 as bottom, expected a bottom from 0 to 23"),
    ("tuples_val_posi", 3, b"0,5,-1,5", "found -1 as bottom, expected a bottom from 0 to 23"),
    ("tuples_test_posi", 2, b"3,6,6,6", "found 3 as user, expected a user from 0 to 2"),
    ("tuples_test_posi", 2, b"-1,6,6,6", "found -1 as user, expected a user from 0 to 2"),
    ("tuples_test_posi", 3, b"", "found an empty line, expected 4 fields (user,top,bottom,shoe)"),
    (
        "tuples_train_posi",
        1,
        b"user,top,shoe,bottom",
        f"found 'user,top,shoe,bottom', expected the header {HEADER}",
    ),
    ("tuples_test_posi", 1, b"0,6,6,6", f"found '0,6,6,6', expected the header {HEADER}"),
    (
        "tuples_test_posi",
        1,
        b"user,top,top,bottom,shoe",
        f"found 'user,top,top,bottom,shoe', expected the header {HEADER}",
    ),
    ("image_list_top", 4, b"", "found no image name, expected a file name inside the image folder"),
    ("image_list_top", 4, b"\xff\xfe.jpg", "not UTF-8, expected an image name in UTF-8"),
    (
        "image_list_shoe",
        1,
        b"../secret.jpg",
        "found the image name '../secret.jpg', expected a file name inside",
    ),
    ("image_list_shoe", 1, b"/etc/passwd", "found the image name '/etc/passwd', expected a file name inside"),
    ("image_list_shoe", 1, b"..\\x.jpg", "expected a file name inside the image folder"),
    ("image_list_shoe", 1, b"C:x.jpg", "expected a file name inside the image folder"),
    ("image_list_shoe", 1, b"a\0.jpg", r"found the image name 'a\x00.jpg', expected a file name inside"),
    ("image_list_bottom", 3, b"bottom00.jpg", "found the image name 'bottom00.jpg' that stands at"),
]


@pytest.mark.parametrize(("file", "number", "line", "message"), ORIGINAL_LINES)
def test_a_broken_line_of_the_original_layout(
    file: str, number: int, line: bytes, message: str, tmp_path: Path, cache: Path
) -> None:
    folder = write_original(small_tree(), tmp_path)
    put_line(folder / file, number, line)
    found = refusal(tmp_path, cache)
    assert found.startswith(f"{folder / file}:{number}: ")
    assert message in found


CONVERTED_LINES = [
    (b"0,3,0,0,0,0,1", "found 7 fields, expected 8 fields (uid,size,item_1,"),
    (b"0,4,0,0,0,0,1,2", "found 4 as size, expected a size from 2 to 3"),
    (b"0,1,0,-1,-1,0,-1,-1", "found 1 as size, expected a size from 2 to 3"),
    (
        b"0,3,0,24,0,0,1,2",
        "found 24 as item_2, expected an item of its category's list (24 tops, 24 bottoms,",
    ),
    (b"0,3,0,0,0,0,1,3", "found 3 as type_3, expected 0 top, 1 bottom or 2 shoe"),
    (b"0,2,0,0,5,0,1,-1", "found 5 as item_3, expected an item of its category's list"),
    (b"0,3,0,-1,0,0,-1,2", "found -1 as item_2"),
    (b"9,3,0,0,0,0,1,2", "found 9 as uid, expected a user from 0 to 2"),
]


@pytest.mark.parametrize(("line", "message"), CONVERTED_LINES)
def test_a_broken_line_of_the_converted_layout(
    line: bytes, message: str, tmp_path: Path, cache: Path
) -> None:
    folder = write_converted(small_tree(), tmp_path)
    put_line(folder / "valid_pos", 2, line)
    found = refusal(tmp_path, cache)
    assert found.startswith(f"{folder}/valid_pos:2: {message}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"\xff", "no JSON"),
        (b"null", "found something else, expected three lists of image names"),
        (b'[["a"], ["b"]]', "found something else, expected three lists of image names"),
        (b'[["a"], null, ["b"]]', "found something else, expected three lists of image names"),
        (b'[["a"], [], ["b"]]', "items.json bottoms: found something else, expected a list of one or more"),
        (b'[["a"], ["b"], [3]]', "items.json shoes: found something else, expected a list of one or more"),
        (b'[["a", "a"], ["b"], ["c"]]', "items.json tops[1]: found the image name 'a' that stands at"),
        (b'[["../a"], ["b"], ["c"]]', "items.json tops[0]: found the image name '../a'"),
        (rb'[["\ud800"], ["b"], ["c"]]', "items.json tops[0]: found the image name"),
    ],
)
def test_a_broken_list_of_items(content: bytes, message: str, tmp_path: Path, cache: Path) -> None:
    folder = write_converted(small_tree(), tmp_path)
    (folder / "items.json").write_bytes(content)
    assert message in refusal(tmp_path, cache)


@pytest.mark.parametrize(
    ("break_file", "message"),
    [
        (Path.unlink, "no such file or directory, expected a file of outfits (user,top,bottom,shoe)"),
        (lambda path: path.write_bytes(b""), "found an empty file"),
        (lambda path: path.write_text(HEADER + "\n"), "found no rows, expected one row or more"),
        (lambda path: (path.unlink(), path.mkdir()), "found is a directory, expected a file of outfits"),
    ],
)
def test_a_file_without_outfits(
    break_file: Callable[[Path], object], message: str, tmp_path: Path, cache: Path
) -> None:
    folder = write_original(small_tree(), tmp_path)
    break_file(folder / "tuples_test_posi")
    found = refusal(tmp_path, cache)
    assert found.startswith(f"{folder}/tuples_test_posi")
    assert message in found


def test_a_missing_image_list(tmp_path: Path, cache: Path) -> None:
    folder = write_original(small_tree(), tmp_path)
    (folder / "image_list_bottom").unlink()
    assert refusal(tmp_path, cache).startswith(f"{folder}/image_list_bottom: found no such file")


@pytest.mark.parametrize(
    ("root", "name", "message"),
    [
        ("", "polyvore-4", "found no tuples_4 with outfits in it, expected a folder that holds tuples_4"),
        ("nowhere", NAME, "found no such folder, expected a folder that holds tuples_3"),
        ("", "polyvore", "found 'polyvore', expected a name with the number of users in it"),
    ],
)
def test_no_such_tree(root: str, name: str, message: str, tmp_path: Path, cache: Path) -> None:
    write_original(small_tree(), tmp_path)
    assert message in refusal(tmp_path / root, cache, name)


def test_the_same_outfit_twice(tmp_path: Path, cache: Path) -> None:
    folder = write_original(small_tree(variable=True), tmp_path)
    put_line(folder / "tuples_test_posi", 4, b"0,2,1,1,1")  # row 3 of training with its tops exchanged
    found = refusal(tmp_path, cache)
    assert found == (
        f"{folder}/tuples_test_posi:4: found the outfit of user 0 that stands at "
        f"{folder}/tuples_train_posi:3 too, expected each outfit of a user once{ADVICE}"
    )


def test_the_same_outfit_of_two_users_is_sound(tmp_path: Path, cache: Path) -> None:
    folder = write_original(small_tree(), tmp_path)
    put_line(folder / "tuples_test_posi", 4, b"1,0,0,0")
    read_tree(tmp_path, NAME, cache=cache)


def test_the_same_item_twice_in_an_outfit(tmp_path: Path, cache: Path) -> None:
    folder = write_original(small_tree(variable=True), tmp_path)
    put_line(folder / "tuples_train_posi", 2, b"0,7,7,0,0")
    assert refusal(tmp_path, cache).startswith(f"{folder}/tuples_train_posi:2: found the same item twice")


def test_a_missing_first_top(tmp_path: Path, cache: Path) -> None:
    folder = write_original(small_tree(variable=True), tmp_path)
    put_line(folder / "tuples_train_posi", 2, b"0,-1,7,0,0")
    put_line(folder / "tuples_train_posi", 3, b"0,1,-2,0,0")
    write_images(small_tree(), tmp_path)
    found = [str(fault) for fault in inspect_tree(tmp_path, NAME, cache).faults]
    assert found == [
        f"{folder}/tuples_train_posi:2: found -1 as top, expected a top from 0 to 23{ADVICE}",
        f"{folder}/tuples_train_posi:3: found -2 as top, expected a top from 0 to 23, or -1{ADVICE}",
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[0, 6, 1, 1]], "tuples_test_nega: found 1 rows, expected 60 rows, 10 for each positive"),
        (
            [[u // 20 if u else 2, 6, 1, u % 24] for u in range(60)],
            "tuples_test_nega:2: found user 2, expected user 0",
        ),
        ([[0, 6, 1, 24]] * 60, "tuples_test_nega:2: found 24 as shoe"),
    ],
)
def test_broken_negatives(rows: list[list[int]], message: str, tmp_path: Path, cache: Path) -> None:
    tree = small_tree()
    tree.negatives = {("test", "nega"): rows}
    folder = write_original(tree, tmp_path)
    dataset = read_tree(tmp_path, NAME, cache=cache)
    with pytest.raises(InputError) as caught:
        dataset.candidates("test", "random")
    assert str(caught.value).startswith(f"{folder}/{message}")


def test_the_check_lists_all_faults(tmp_path: Path, cache: Path) -> None:
    tree = small_tree()
    tree.negatives = {("test", "nega"): [[0, 6, 1, 1]], ("valid", "nega_hard"): [[0, 6, 1, 99]]}
    folder = write_original(tree, tmp_path)
    write_images(tree, tmp_path)
    put_line(folder / "tuples_train_posi", 2, b"0,0,0")
    put_line(folder / "tuples_train_posi", 5, b"0,0,x,0")
    put_line(folder / "tuples_val_posi", 2, b"7,4,4,99")
    put_line(folder / "image_list_top", 24, b"../top23.jpg")
    images = tmp_path / "images" / "291x291"
    (images / "bottom03.jpg").unlink()
    (images / "shoe05.jpg").write_bytes(picture(5)[:-40])
    (images / "shoe07.jpg").write_bytes(b"no image")
    faults = inspect_tree(tmp_path, NAME, cache).faults
    assert [str(fault.where) for fault in faults] == [
        f"{folder}/image_list_top:24",
        f"{folder}/tuples_train_posi:2",
        f"{folder}/tuples_train_posi:5",
        f"{folder}/tuples_val_posi:2",
        f"{folder}/tuples_val_posi:2",
        f"{folder}/tuples_val_nega_hard:2",
        f"{folder}/tuples_val_nega_hard",
        f"{folder}/tuples_test_nega",
        f"{images}/bottom03.jpg",
        f"{images}/shoe05.jpg",
        f"{images}/shoe07.jpg",
    ]


def test_the_check_goes_on_past_lists_and_files_that_are_missing(tmp_path: Path, cache: Path) -> None:
    folder = write_original(small_tree(), tmp_path)
    (folder / "image_list_top").unlink()
    (folder / "tuples_val_posi").unlink()
    put_line(folder / "tuples_test_posi", 1, b"some,thing,else,here")
    put_line(folder / "tuples_test_posi", 3, b"0,99999,7,99999")
    faults = inspect_tree(tmp_path, NAME, cache).faults
    assert [str(fault.where) for fault in faults] == [
        f"{folder}/image_list_top",
        f"{folder}/tuples_val_posi",
        f"{folder}/tuples_test_posi:1",
        f"{folder}/tuples_test_posi:3",
        str(tmp_path),
    ]
    assert "neither images nor features" in str(faults[-1])


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_a_wrong_header_is_one_fault(split: str, tmp_path: Path, cache: Path) -> None:
    folder = write_original(small_tree(), tmp_path)
    write_images(small_tree(), tmp_path)
    put_line(folder / f"tuples_{split}_posi", 1, b"user,top,top,bottom,shoe")
    assert [str(fault) for fault in inspect_tree(tmp_path, NAME, cache).faults] == [
        f"{folder}/tuples_{split}_posi:1: found 'user,top,top,bottom,shoe', expected the header {HEADER}"
    ]


def test_a_file_of_another_kind_is_one_fault(tmp_path: Path, cache: Path) -> None:
    folder = write_original(small_tree(), tmp_path)
    write_images(small_tree(), tmp_path)
    (folder / "tuples_val_posi").write_text("user,top,top,bottom,shoe\n" + "0,1,-1,2,3\n" * 9)
    assert [str(fault.where) for fault in inspect_tree(tmp_path, NAME, cache).faults] == [
        f"{folder}/tuples_val_posi:1"
    ]


@pytest.mark.parametrize("write", [write_original, write_converted])
@pytest.mark.parametrize("variable", [False, True])
def test_the_check_finds_nothing_in_a_sound_tree(
    write: Callable[..., Path], variable: bool, tmp_path: Path, cache: Path
) -> None:
    tree = small_tree(variable=variable)
    write(tree, tmp_path)
    write_images(tree, tmp_path)
    write_features(tree, tmp_path)
    assert inspect_tree(tmp_path, NAME, cache).faults == []


def test_the_check_reads_every_feature(tmp_path: Path, cache: Path) -> None:
    tree = small_tree()
    write_converted(tree, tmp_path)
    values = {name: np.ones(8, "<f4").tobytes() for name in all_names(tree)}
    del values["top03.jpg"]
    values |= {"top05.jpg": b"123", "top07.jpg": np.ones(9, "<f4").tobytes()}
    values["shoe23.jpg"] = np.array([1, 2, np.nan, 4, 5, 6, 7, 8], "<f4").tobytes()
    place = tmp_path / "features" / "resnet34"
    write_lmdb(place, values)
    assert [str(fault) for fault in inspect_tree(tmp_path, NAME, cache).faults] == [
        f"{place} [top03.jpg]: found no value, expected a vector for each item",
        f"{place} [top05.jpg]: found 3 bytes, expected a vector of raw float32",
        f"{place} [top07.jpg]: found 9 numbers, expected 8, as item 0 has",
        f"{place} [shoe23.jpg]: found NaN or infinity, expected finite numbers",
    ]
    features = read_tree(tmp_path, NAME, cache=cache).features
    assert features(np.array([0, 1])).tolist() == [[1.0] * 8] * 2
    with pytest.raises(InputError, match="top03"):
        features(np.array([0, 3]))


@pytest.mark.parametrize("kept", [0, 100, 5000, 20_000])
def test_an_lmdb_cut_short(kept: int, tmp_path: Path, cache: Path) -> None:
    tree = small_tree()
    write_converted(tree, tmp_path)
    write_features(tree, tmp_path, size=512)
    file = tmp_path / "features" / "resnet34" / "data.mdb"
    file.write_bytes(file.read_bytes()[:kept])
    assert refusal(tmp_path, cache).startswith(str(file.parent))
