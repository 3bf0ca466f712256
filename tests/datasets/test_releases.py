"""IQON3000, POG and Polyvore Outfits: small trees in their formats, read as they were written."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outfitbench.datasets import Dataset, InputError, inspect_dataset, load_dataset
from outfitbench.datasets.releases import RELEASES
from outfitbench.datasets.releases.iqon import IQON3000
from outfitbench.datasets.releases.iqon_categories import CATEGORY_NAMES
from outfitbench.datasets.releases.pog_like import POG_LIKES, PogLike
from outfitbench.datasets.splits import split_posts
from outfitbench.datasets.stats import describe

from ..conftest import REPOSITORY
from .written_releases import iqon_set, polyvore_outfits, write_iqon, write_pog, write_polyvore_outfits

Worn = frozenset[tuple[str, str]]

POG_OUTFITS = ["o1,1a;2b;3c", "o2,2b;4d", "o3,1a;4d", "o4,5e;6f;1a"]
POG_ITEMS = [
    f"{item},{kind},//img.example/{item}.png,标题, 第二"
    for item, kind in zip(
        ["1a", "2b", "3c", "4d", "5e", "6f", "7g"], ["7", "8", "9", "9", "8", "7", "7"], strict=True
    )
]
POG_USERS = ["u9,1a;7g,o1", "u8,2b,o2", "u9,7g;7g;1a,o2", "u7,3c,o4", "u7,3c,o3"]


def posted(dataset: Dataset) -> Counter[tuple[int, Worn]]:
    """Who posted what: every outfit of all splits, its items by name and category."""
    names = list(
        zip(dataset.item_names, map(dataset.categories.__getitem__, dataset.item_category), strict=True)
    )
    return Counter(
        (user, frozenset(names[item] for item in items if item >= 0))
        for split in ("train", "valid", "test")
        for user, items in zip(
            dataset.split(split).users.tolist(), dataset.split(split).items.tolist(), strict=True
        )
    )


def worn(**items: str) -> Worn:
    return frozenset(items.items())


@pytest.mark.parametrize("apart", [True, False])
def test_iqon_is_read_as_it_was_written(tmp_path: Path, cache: Path, apart: bool) -> None:
    sets = [
        iqon_set(70, 1, {11: "トップス", 12: "靴", 13: "新しい"}),
        iqon_set(70, 2, {11: "トップス", 14: "ロングパンツ"}),
        iqon_set(71, 3, {12: "ブーツ", 14: "ロングパンツ"}),
    ]
    dataset = load_dataset("iqon", write_iqon(tmp_path / "root", sets, apart=apart), cache=cache)
    assert dataset.categories == ("shoes", "top", "trousers", "新しい")
    assert list(dataset.user_names or ()) == ["70", "71"]
    assert posted(dataset) == Counter(
        [
            (0, frozenset({("11", "top"), ("12", "shoes"), ("13", "新しい")})),
            (0, frozenset({("11", "top"), ("14", "trousers")})),
            (1, frozenset({("12", "shoes"), ("14", "trousers")})),
        ]
    )
    assert dataset.notes == (
        "1 item stands under another category too, and the first counts, such as 12 (shoes, boots)",
    )
    assert dataset.images(np.arange(4), size=8).shape == (4, 8, 8, 3)
    assert not inspect_dataset("iqon", tmp_path / "root", cache=cache).faults
    assert len(set(CATEGORY_NAMES.values())) == len(CATEGORY_NAMES) == 61


def test_the_page_shows_the_categories_of_iqon_as_they_are_read() -> None:
    page = (REPOSITORY / "docs" / "datasets.md").read_text(encoding="utf-8")
    rows = page.partition("### The categories of IQON3000")[2].partition("\n### ")[0].splitlines()
    cells = [cell.strip() for row in rows if row.startswith("| ") for cell in row.strip("|").split("|")]
    shown = dict(zip(cells[::2], cells[1::2], strict=True))
    assert {name: english for name, english in shown.items() if name} == CATEGORY_NAMES


def test_pog_is_read_as_it_was_written(tmp_path: Path, cache: Path) -> None:
    root = write_pog(
        tmp_path / "root", POG_OUTFITS, POG_ITEMS, POG_USERS, pictured=["1a", "2b", "3c", "4d", "5e", "6f"]
    )
    dataset = load_dataset("pog", root, cache=cache)
    assert dataset.num_users == 3
    assert list(dataset.user_names or ()) == ["u9", "u8", "u7"]
    assert dataset.fingerprint == "7fd8951be1270dea"  # as it was before users had names
    assert sorted(dataset.item_names) == ["1a", "2b", "3c", "4d", "5e", "6f"]  # 7g is clicked, but never worn
    o1, o2 = worn(**{"1a": "7", "2b": "8", "3c": "9"}), worn(**{"2b": "8", "4d": "9"})
    o3, o4 = worn(**{"1a": "7", "4d": "9"}), worn(**{"5e": "8", "6f": "7", "1a": "7"})
    assert posted(dataset) == Counter([(0, o1), (1, o2), (0, o2), (2, o4), (2, o3)])
    assert dataset.images(np.array([5]), size=8).any()
    assert not inspect_dataset("pog", root, cache=cache).faults


@pytest.mark.parametrize("name", ["polyvore-outfits", "polyvore-outfits-disjoint"])
def test_polyvore_outfits_keeps_its_splits_and_has_no_users(tmp_path: Path, cache: Path, name: str) -> None:
    sets = {
        "train": {"1": ["a", "b", "c"], "2": ["a", "d"]},
        "valid": {"3": ["d", "b"]},
        "test": {"4": ["c", "d"], "5": ["a", "b"]},
    }
    kinds = {"a": "tops", "b": "shoes", "c": "bags", "d": "all-body"}
    dataset = load_dataset(name, write_polyvore_outfits(tmp_path / "root", sets, kinds), cache=cache)
    assert (dataset.num_users, dataset.anonymous, dataset.user_names) == (1, True, None)
    assert dataset.categories == ("all-body", "bags", "shoes", "tops")
    for split, of_split in sets.items():
        table = dataset.split(split)
        found = [[dataset.item_names[item] for item in row if item >= 0] for row in table.items.tolist()]
        assert sorted(found) == sorted(of_split.values())
        assert not table.users.any()
    assert dataset.images(np.arange(4), size=8).any(axis=(1, 2, 3)).all()
    assert not inspect_dataset(name, tmp_path / "root", cache=cache).faults


posts = st.sets(st.tuples(st.integers(0, 6), st.integers(0, 60)), min_size=1, max_size=120)


@given(posts=posts)
@settings(max_examples=40)
def test_no_outfit_is_in_two_splits_and_every_user_has_the_shares(posts: set[tuple[int, int]]) -> None:
    users, outfits = np.array(sorted(posts)).T
    parts = split_posts(users, outfits)
    assert np.array_equal(parts, split_posts(users, outfits))
    for outfit in np.unique(outfits):
        assert len(set(parts[outfits == outfit])) == 1
    shared = np.isin(outfits, [outfit for outfit, count in Counter(outfits.tolist()).items() if count > 1])
    for user in np.unique(users):
        own = users == user
        count, held_out = own.sum(), max(1, round(own.sum() * 2 / 13)) if own.sum() > 2 else 0
        if not shared[own].any():
            assert np.bincount(parts[own], minlength=3).tolist() == [count - 2 * held_out, held_out, held_out]
        elif (~shared[own]).any():
            assert (parts[own] == 0).any()


def cut_short(root: Path) -> str:
    path = root / "70" / "1" / "1.json"
    path.write_text(path.read_text(encoding="utf-8")[:-40], encoding="utf-8")
    return r"1\.json:\d+: found JSON cut short, expected one set"


def nested_without_end(root: Path) -> str:
    (root / "70" / "1" / "1.json").write_text("[" * 100_000, encoding="utf-8")
    return r"1\.json:1: found JSON that cannot be read, RecursionError \(.*\), expected one set"


def a_number_of_thousands_of_digits(root: Path) -> str:
    (root / "70" / "1" / "1.json").write_text("1" * 5_000, encoding="utf-8")
    return r"1\.json:1: found JSON that cannot be read, ValueError \(.*\), expected one set"


def one_item(root: Path) -> str:
    write_iqon(root, [iqon_set(70, 1, {11: "トップス"})])
    return r"1\.json:1: found a set of one item, expected two items or more"


def no_category(root: Path) -> str:
    write_iqon(root, [iqon_set(70, 1, {99: "", 12: "靴"})])
    return r"1\.json:1: found item '99', of which no category is known, expected items with a category"


def no_user(root: Path) -> str:
    path = root / "70" / "1" / "1.json"
    path.write_text(json.dumps({"setId": 1, "items": []}), encoding="utf-8")
    return r"1\.json:1: found '\{\"setId\": 1, .*, expected one set: \{setId, user"


@pytest.mark.parametrize(
    "spoil",
    [cut_short, nested_without_end, a_number_of_thousands_of_digits, one_item, no_category, no_user],
)
def test_a_set_of_iqon_that_cannot_be_used_is_refused_or_counted(
    tmp_path: Path, cache: Path, spoil: Callable[[Path], str]
) -> None:
    sets = [iqon_set(70, number, {11: "トップス", 20 + number: "靴"}) for number in range(1, 6)]
    root = write_iqon(tmp_path / "root", sets)
    said = spoil(root)
    with pytest.raises(InputError, match=said):
        load_dataset("iqon", root, cache=cache)
    faults = [
        fault for fault in inspect_dataset("iqon", root, cache=cache).faults if "images" not in str(fault)
    ]
    assert len(faults) == 1
    dataset = load_dataset("iqon", root, cache=cache, skip_unusable=True)
    assert sum(posted(dataset).values()) == 4
    assert dataset.left_out == {"unusable sets": 1}
    assert dataset.notes[0].startswith("1 unusable set left out: ")


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("outfits", "o5,1a", r"outfit_data\.txt:5: found a set of one item, expected two"),
        ("outfits", "o5,1a;1a", r"outfit_data\.txt:5: found the same item twice"),
        ("outfits", "o5,1a;0z", r"outfit_data\.txt:5: found item '0z', of which no category is known"),
        ("outfits", "o5", r"outfit_data\.txt:5: found 'o5', expected outfit_id,item;item;…"),
        ("outfits", "o1,1a;4d", r"outfit_data\.txt:5: found outfit 'o1' again, expected each outfit once"),
        ("items", "7g", r"item_data\.txt:8: found '7g', expected 4 fields"),
        ("items", "1a,9,x,y", r"item_data\.txt:8: found category '9' of item '1a', expected '7', as before"),
        ("users", "u1,1a,o99", r"user_data\.txt:6: found outfit 'o99', expected an outfit of outfit_data"),
        ("users", "u1,1a;2b", r"user_data\.txt:6: found 'u1,1a;2b', expected 3 fields"),
    ],
)
def test_a_line_of_pog_that_cannot_be_used_is_refused_or_counted(
    tmp_path: Path, cache: Path, file: str, line: str, said: str
) -> None:
    lines = {"outfits": POG_OUTFITS, "items": POG_ITEMS, "users": POG_USERS}
    root = write_pog(tmp_path / "root", **(lines | {file: [*lines[file], line]}))
    with pytest.raises(InputError, match=said):
        load_dataset("pog", root, cache=cache)
    found = inspect_dataset("pog", root, cache=cache).faults
    assert [fault.found for fault in found[1:]] == ["neither images nor features"]
    dataset = load_dataset("pog", root, cache=cache, skip_unusable=True)
    assert posted(dataset) == posted(load_dataset("pog", write_pog(tmp_path / "whole", **lines), cache=cache))
    assert dataset.left_out == {f"unusable rows of {file.removesuffix('s')}_data.txt": 1}


def test_an_item_of_pog_without_a_category_takes_its_outfits_and_their_posts_with_it(
    tmp_path: Path, cache: Path
) -> None:
    items = ["3c,,//img.example/3c.png,标题" if line.startswith("3c") else line for line in POG_ITEMS]
    root = write_pog(tmp_path / "root", POG_OUTFITS, items, POG_USERS)
    with pytest.raises(
        InputError, match=r"outfit_data\.txt:1: found item '3c', of which no category is known"
    ):
        load_dataset("pog", root, cache=cache)
    dataset = load_dataset("pog", root, cache=cache, skip_unusable=True)
    assert sum(posted(dataset).values()) == 4
    assert dataset.left_out == {
        "unusable rows of outfit_data.txt": 1,
        "rows of user_data.txt whose outfit was left out": 1,
    }


def test_posts_of_pog_that_stand_twice_are_left_out_and_said(tmp_path: Path, cache: Path) -> None:
    root = write_pog(tmp_path / "root", POG_OUTFITS, POG_ITEMS, [*POG_USERS, "u9,3c,o1", "u9,3c,o1"])
    dataset = load_dataset("pog", root, cache=cache)
    assert max(posted(dataset).values()) == 1
    users = root / "user_data.txt"
    assert dataset.left_out == {"repeated rows of user_data.txt": 2}
    assert dataset.notes == (f"2 repeated rows of user_data.txt left out: {users}:6 stands at {users}:1 too",)


def test_sets_of_polyvore_outfits_before_a_cut_are_looked_at_and_the_cut_has_its_line(
    tmp_path: Path, cache: Path
) -> None:
    root = polyvore_outfits(tmp_path / "root")
    path = root / "nondisjoint" / "train.json"
    sets = json.loads(path.read_text())
    sets[3]["items"] = sets[3]["items"][:1]
    path.write_text("[\n" + ",\n".join(map(json.dumps, sets))[:-30])
    found = inspect_dataset("polyvore-outfits", root, cache=cache).faults
    assert [str(fault.where).rpartition("/")[2] for fault in found] == [
        "train.json:5, set train3",
        "train.json:21",
    ]
    assert [fault.found for fault in found] == ["a set of one item", "JSON cut short"]
    with pytest.raises(InputError, match=r"train\.json:21: found JSON cut short"):
        load_dataset("polyvore-outfits", root, cache=cache, skip_unusable=True)


def test_a_release_is_read_once_and_mapped_from_then_on(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = [iqon_set(n % 3, n, {n: "トップス", 100 + n: "靴"}) for n in range(60)]
    root = write_iqon(tmp_path / "root", sets)
    first = load_dataset("iqon", root, cache=cache)
    read = IQON3000.read
    monkeypatch.setattr(IQON3000, "read", None)
    second = load_dataset("iqon", root, cache=cache)
    assert second.fingerprint == first.fingerprint
    for split, table in second.tables.items():
        assert isinstance(table.items, np.memmap)
        assert np.array_equal(table.items, first.split(split).items)
        assert np.array_equal(table.users, first.split(split).users)
    assert second.user_names is not None
    assert isinstance(second.user_names.letters, np.memmap)
    assert list(second.user_names) == ["0", "1", "2"]
    monkeypatch.setattr(IQON3000, "read", read)
    moved = load_dataset("iqon", root.rename(tmp_path / "moved"), cache=tmp_path / "other")
    assert moved.fingerprint == first.fingerprint
    write_iqon(tmp_path / "moved", [iqon_set(0, 60, {1: "トップス", 101: "靴"})])
    assert load_dataset("iqon", tmp_path / "moved", cache=cache).fingerprint != first.fingerprint


@pytest.mark.parametrize("name", sorted(RELEASES.keys() - POG_LIKES.keys()))
def test_what_is_not_there_and_another_split_are_refused_in_one_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"dataset {name}: found no root, expected a folder that holds"):
        load_dataset(name)
    with pytest.raises(InputError, match=f"{tmp_path}: found none of it, expected a folder that holds"):
        load_dataset(name, tmp_path)
    with pytest.raises(
        InputError, match=f"argument split: found 9:2:2 of {name}, expected released: its own"
    ):
        load_dataset(name, tmp_path, split="9:2:2")
    assert [fault.found for fault in inspect_dataset(name, tmp_path).faults] == ["none of it"]


def test_a_missing_file_of_pog_is_named(tmp_path: Path, cache: Path) -> None:
    root = write_pog(tmp_path, POG_OUTFITS, POG_ITEMS, POG_USERS)
    (root / "user_data.txt").unlink()
    with pytest.raises(InputError, match=r"user_data\.txt: found no such file"):
        load_dataset("pog", root, cache=cache)


def test_candidates_of_many_categories_keep_those_of_their_positives(tmp_path: Path, cache: Path) -> None:
    kinds = list(itertools.islice(CATEGORY_NAMES, 6))
    rng = np.random.default_rng(0)
    sets = [
        iqon_set(
            n % 4, n, {int(100 * kind + rng.integers(9)): kinds[kind] for kind in rng.permutation(6)[:3]}
        )
        for n in range(120)
    ]
    dataset = load_dataset("iqon", write_iqon(tmp_path / "root", sets), cache=cache)
    for setting in ("random", "hard"):
        candidates = dataset.candidates("test", setting)
        assert len(candidates) == 11 * len(dataset.split("test"))
    random = dataset.candidates("test", "random")
    drawn = dataset.categories_of(random.items[~random.labels])
    assert np.array_equal(drawn, np.repeat(dataset.categories_of(dataset.split("test").items), 10, axis=0))


@pytest.fixture
def small_likeness(monkeypatch: pytest.MonkeyPatch) -> PogLike:
    size = PogLike(outfits=300, items=200, users=500)
    monkeypatch.setitem(POG_LIKES, "pog-synthetic", size)
    return size


def test_a_likeness_of_pog_is_the_same_from_the_same_seed_and_passes_the_checks(
    tmp_path: Path, cache: Path, small_likeness: PogLike
) -> None:
    dataset = load_dataset("pog-synthetic", cache=cache)
    again = load_dataset("pog-synthetic", cache=tmp_path / "other")
    assert again.fingerprint == dataset.fingerprint
    assert dataset.num_users == small_likeness.users
    assert dataset.left_out == {}
    tables = [dataset.split(split) for split in ("train", "valid", "test")]
    users = np.concatenate([table.users for table in tables])
    assert np.array_equal(np.unique(users), np.arange(500))
    assert np.mean(np.bincount(users) == 1) == pytest.approx(0.5, abs=0.07)
    for items in np.concatenate([table.items for table in tables]):
        kinds = [int(dataset.item_names[item][1:]) % 5 for item in items if item >= 0]
        assert 3 <= len(kinds) == len(set(kinds)) <= 5
    assert [fault.found for fault in inspect_dataset("pog-synthetic", cache=cache).faults] == [
        "neither images nor features"
    ]
    statistics = describe(dataset)
    assert statistics.users_without_test == 500 - len(np.unique(tables[2].users))
