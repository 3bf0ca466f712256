"""Releases some of whose images nobody could fetch: which outfits are left out, and what is said of them."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outfitbench.datasets import Dataset, InputError, inspect_dataset, load_dataset
from outfitbench.datasets.releases.listed_images import ListedImages, usual_images
from outfitbench.datasets.releases.pog import POG

from .written_releases import iqon_set, polyvore_outfits, write_iqon, write_pog
from .written_trees import picture, write_lmdb

OUTFITS = ["o1,1a;2b;3c", "o2,2b;4d", "o3,1a;4d", "o4,5e;6f;1a"]
ITEMS = [
    f"{item},{kind},//img.example/{item}.png,标题" for item, kind in zip("abcdef", "789987", strict=True)
]
ITEMS = [f"{number}{line}" for number, line in enumerate(ITEMS, 1)]
USERS = ["u9,1a,o1", "u8,2b,o2", "u9,7g;1a,o2", "u7,3c,o4", "u7,3c,o3"]
ALL = ["1a", "2b", "3c", "4d", "5e", "6f"]


def pog(root: Path, *missing: str) -> Path:
    write_pog(root, OUTFITS, ITEMS, USERS, ALL)
    for item in missing:
        (root / "images" / f"{item}.jpg").unlink()
    return root


def posted(dataset: Dataset) -> Counter[tuple[str, frozenset[str]]]:
    """Who posted what, by names."""
    users = list(dataset.user_names or ())
    return Counter(
        (users[user], frozenset(dataset.item_names[item] for item in items if item >= 0))
        for table in map(dataset.split, ("train", "valid", "test"))
        for user, items in zip(table.users.tolist(), table.items.tolist(), strict=True)
    )


def test_outfits_of_pog_with_an_item_without_an_image_are_left_out_and_said(
    tmp_path: Path, cache: Path
) -> None:
    root = pog(tmp_path / "root", "2b", "6f")
    dataset = load_dataset("pog", root, cache=cache, skip_unusable=True)
    assert posted(dataset) == Counter([("u7", frozenset({"1a", "4d"}))])
    assert sorted(dataset.item_names) == ["1a", "4d"]
    assert dataset.left_out == {
        "unusable rows of outfit_data.txt": 3,
        "rows of user_data.txt whose outfit was left out": 4,
    }
    note = (
        f"3 unusable rows of outfit_data.txt left out: {root}/outfit_data.txt:1: found item '2b', whose "
        "image 'images/2b.jpg' is missing, expected items with an image"
    )
    assert dataset.notes == (note,)
    assert dataset.images(np.arange(2), size=8).any(axis=(1, 2, 3)).all()
    findings = inspect_dataset("pog", root, cache=cache, skip_unusable=True)
    assert (findings.faults, findings.notes) == ([], [note])


def test_what_was_left_out_is_there_as_soon_as_its_images_are(tmp_path: Path, cache: Path) -> None:
    def load(name: str) -> Dataset:
        return load_dataset("pog", tmp_path / name, cache=cache, skip_unusable=True)

    root = pog(tmp_path / "root", "2b", "6f")
    first = load("root")
    assert load("root").fingerprint == first.fingerprint
    (root / "images" / "2b.jpg").write_bytes(picture(1))
    second = load("root")
    assert sum(posted(second).values()) == 4
    (root / "images" / "6f.jpg").write_bytes(picture(5))
    third = load("root")
    assert len({first.fingerprint, second.fingerprint, third.fingerprint}) == 3
    pog(tmp_path / "whole")
    assert third.fingerprint == load_dataset("pog", tmp_path / "whole", cache=cache).fingerprint
    assert (third.left_out, third.notes) == ({}, ())
    (root / "images" / "6f.jpg").unlink()
    assert load("root").fingerprint == second.fingerprint


def test_without_being_asked_nothing_is_left_out_and_every_image_is_named(
    tmp_path: Path, cache: Path
) -> None:
    root = pog(tmp_path / "root", "2b", "6f")
    said = (
        r"images/2b\.jpg: found no such file \(2 of 6 images are missing\), expected an image of each item; "
        "add them, or leave out the outfits that wear such items with skip_unusable"
    )
    with pytest.raises(InputError, match=said):
        load_dataset("pog", root, cache=cache)
    faults = inspect_dataset("pog", root, cache=cache).faults
    assert [(fault.where, fault.found) for fault in faults] == [
        (f"{root}/images/{item}.jpg", "no such file or directory") for item in ("2b", "6f")
    ]


def test_where_no_outfit_is_left_the_first_says_why(tmp_path: Path, cache: Path) -> None:
    root = pog(tmp_path / "root", "1a", "4d")
    with pytest.raises(
        InputError,
        match=r"no outfit that can be used, expected one or more; 4 unusable rows .*'images/1a\.jpg'",
    ):
        load_dataset("pog", root, cache=cache, skip_unusable=True)
    found = inspect_dataset("pog", root, cache=cache, skip_unusable=True)
    assert [fault.found for fault in found.faults] == ["no outfit that can be used"]


@given(
    outfits=st.lists(st.sets(st.integers(0, 9), min_size=2, max_size=4), min_size=1, max_size=12),
    pictured=st.sets(st.integers(0, 9), min_size=4),
)
@settings(max_examples=30)
def test_exactly_the_outfits_all_of_whose_items_have_images_are_kept(
    outfits: Sequence[Collection[int]], pictured: set[int]
) -> None:
    lines = [f"o{number},{';'.join(map(str, worn))}" for number, worn in enumerate(outfits)]
    posts = [f"u{number},,o{number}" for number in range(len(outfits))]
    expected = Counter(
        (f"u{number}", frozenset(map(str, worn))) for number, worn in enumerate(outfits) if worn <= pictured
    )
    with tempfile.TemporaryDirectory() as home:
        root = write_pog(
            Path(home), lines, [f"{item},7,x,y" for item in range(10)], posts, list(map(str, pictured))
        )
        if expected:
            dataset = load_dataset("pog", root, cache=root / "cache", skip_unusable=True)
            assert posted(dataset) == expected
            assert sum(dataset.left_out.values()) == 2 * (len(outfits) - len(expected))
        else:
            with pytest.raises(InputError, match="no outfit that can be used"):
                load_dataset("pog", root, cache=root / "cache", skip_unusable=True)


@pytest.mark.parametrize("apart", [True, False])
def test_a_set_of_iqon_is_left_out_and_the_next_with_the_item_has_its_image(
    tmp_path: Path, cache: Path, apart: bool
) -> None:
    sets = [
        iqon_set(70, 1, {11: "トップス", 12: "靴"}),
        iqon_set(70, 2, {12: "靴", 13: "ロングパンツ"}),
        iqon_set(71, 3, {12: "靴", 13: "ロングパンツ"}),
    ]
    root = write_iqon(tmp_path / "root", sets, apart=apart)
    folder = root / "images" if apart else root
    for missing in ("70/1/12", "71/3/13"):
        (folder / f"{missing}_m.jpg").unlink()
    with pytest.raises(InputError, match=r"70/1/12_m\.jpg: found no such file \(1 of 3 images are missing\)"):
        load_dataset("iqon", root, cache=cache)
    dataset = load_dataset("iqon", root, cache=cache, skip_unusable=True)
    worn = frozenset({"12", "13"})  # 13 has the image of the set before
    assert posted(dataset) == Counter([("70", worn), ("71", worn)])
    assert dataset.left_out == {"unusable sets": 1}
    image = "images/70/1/12_m.jpg" if apart else "70/1/12_m.jpg"
    assert dataset.notes == (
        f"1 unusable set left out: {root}/70/1/1.json:1: found item '12', whose image '{image}' is missing, "
        "expected items with an image",
    )
    assert dataset.images(np.arange(2), size=8).shape == (2, 8, 8, 3)
    assert not inspect_dataset("iqon", root, cache=cache, skip_unusable=True).faults


def test_sets_of_polyvore_outfits_are_left_out_of_their_splits(tmp_path: Path, cache: Path) -> None:
    root = polyvore_outfits(tmp_path / "root")
    whole = load_dataset("polyvore-outfits", root, cache=cache)
    (root / "images" / "tops3.jpg").unlink()
    dataset = load_dataset("polyvore-outfits", root, cache=cache, skip_unusable=True)
    lost = {}
    for split in ("train", "valid", "test"):
        before, after = (
            Counter(
                frozenset(found.item_names[item] for item in row) for row in found.split(split).items.tolist()
            )
            for found in (whole, dataset)
        )
        kept = Counter({worn: count for worn, count in before.items() if "tops3" not in worn})
        assert after == kept
        lost[f"unusable rows of {split}.json"] = (before - kept).total()
    assert dataset.left_out == {file: count for file, count in lost.items() if count}


def test_where_there_are_features_instead_nothing_is_left_out(tmp_path: Path, cache: Path) -> None:
    vector = np.ones(8, np.float32).tobytes()
    features = {f"{item}.jpg": vector for item in ALL}
    root = write_pog(tmp_path / "pog", OUTFITS, ITEMS, USERS)
    write_lmdb(root / "features" / "resnet34", features)
    dataset = load_dataset("pog", tmp_path / "pog", cache=cache, skip_unusable=True)
    assert (dataset.num_items, dataset.pictures, dataset.left_out) == (6, None, {})
    root = write_iqon(tmp_path / "iqon", [iqon_set(70, 1, {11: "トップス", 12: "靴"})])
    for image in root.rglob("*.jpg"):
        image.unlink()
    write_lmdb(root / "features" / "resnet34", {"11.jpg": vector, "12.jpg": vector})
    dataset = load_dataset("iqon", root, cache=cache, skip_unusable=True)
    assert (dataset.num_items, dataset.pictures, dataset.left_out) == (2, None, {})


def test_of_images_in_an_lmdb_none_is_asked_for_before_it_is_read(tmp_path: Path, cache: Path) -> None:
    root = write_pog(tmp_path / "root", OUTFITS, ITEMS, USERS)
    write_lmdb(root / "images", {f"{item}.jpg": picture(1) for item in ALL if item != "2b"})
    assert usual_images(root) is None
    dataset = load_dataset("pog", root, cache=cache, skip_unusable=True)
    assert dataset.left_out == {}
    with pytest.raises(InputError, match=r"no key '2b\.jpg'"):
        dataset.image_array(8)


def test_an_image_that_is_there_and_broken_is_refused_until_it_is_removed(
    tmp_path: Path, cache: Path
) -> None:
    root = pog(tmp_path / "root")
    page = root / "images" / "2b.jpg"
    page.write_bytes(b"<html>404</html>")
    dataset = load_dataset("pog", root, cache=cache, skip_unusable=True)
    with pytest.raises(InputError, match=r"images/2b\.jpg: found "):
        dataset.image_array(8)
    (fault,) = inspect_dataset("pog", root, cache=cache, skip_unusable=True).faults
    assert fault.where == str(page)
    page.unlink()
    assert inspect_dataset("pog", root, cache=cache, skip_unusable=True).faults == []
    dataset = load_dataset("pog", root, cache=cache, skip_unusable=True)
    assert dataset.left_out["unusable rows of outfit_data.txt"] == 2
    assert dataset.image_array(8).shape == (4, 8, 8, 3)


def test_a_release_with_missing_images_is_read_once(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = pog(tmp_path / "root", "2b")
    first = load_dataset("pog", root, cache=cache, skip_unusable=True)
    monkeypatch.setattr(POG, "read", None)
    again = load_dataset("pog", root, cache=cache, skip_unusable=True)
    assert (again.fingerprint, again.notes) == (first.fingerprint, first.notes)


def test_a_folder_is_listed_and_no_file_of_it_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = pog(tmp_path / "root", "2b")
    asked: list[str] = []

    def noting(ask):
        return lambda path, *rest, **options: asked.append(os.fspath(path)) or ask(path, *rest, **options)

    for name in ("scandir", "stat", "lstat"):
        monkeypatch.setattr(os, name, noting(getattr(os, name)))
    images = ListedImages(root, root / "images")
    assert [item for item in ALL if images.file_of(item) not in images] == ["2b"]
    assert asked.count(f"{root}/images") >= 1
    assert not [path for path in asked if path.endswith(".jpg")]


def test_links_are_followed_and_names_are_known_in_any_form(tmp_path: Path) -> None:
    folder = tmp_path / "root" / "images"
    elsewhere = tmp_path / "elsewhere"
    for place in (folder / "a", elsewhere):
        place.mkdir(parents=True)
    (elsewhere / "u\u0308.jpg").touch()
    (folder / "linked").symlink_to(elsewhere, target_is_directory=True)
    (folder / "a" / "back").symlink_to(folder, target_is_directory=True)
    (folder / "a" / "away.jpg").symlink_to(elsewhere / "gone.jpg")
    (folder / "a" / "found.jpg").symlink_to(elsewhere / "u\u0308.jpg")
    (folder / "a" / "notes.txt").touch()
    images = ListedImages(tmp_path / "root", folder, ".jpg")
    assert len(images) == 2
    for file, there in {
        "images/linked/\u00fc.jpg": True,
        "images/linked/u\u0308.jpg": True,
        "images/a/found.jpg": True,
        "images/a/away.jpg": False,
        "images/a/notes.txt": False,
    }.items():
        assert (file in images) is there
    before = images.key()
    assert ListedImages(tmp_path / "root", folder, ".jpg").key() == before
    (elsewhere / "gone.jpg").touch()
    assert ListedImages(tmp_path / "root", folder, ".jpg").key() != before


def test_a_folder_that_cannot_be_listed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="images: found no such file or directory, expected a folder that can be read"
    ):
        ListedImages(tmp_path, tmp_path / "images")
