"""Candidate sets: one to ten, the same for everyone, and whole or drawn again."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outfitbench.core.errors import InputError
from outfitbench.datasets.dataset import Dataset
from outfitbench.datasets.negatives import sample_negatives
from outfitbench.datasets.tables import CandidateSet, OutfitTable


def make_dataset(cache: Path) -> Dataset:
    rng = np.random.default_rng(0)
    items = np.stack([rng.permutation(20) + 20 * category for category in range(3)], axis=1).astype(np.int32)
    positives = OutfitTable(np.repeat(np.arange(4, dtype=np.int32), 5), items)
    return Dataset(
        name="tiny",
        origin="made for a test",
        num_users=4,
        categories=("top", "bottom", "shoe"),
        item_category=np.repeat(np.int8([0, 1, 2]), 20),
        item_names=[f"{number}.jpg" for number in range(60)],
        tables={"train": positives, "valid": positives.take(slice(0, 3)), "test": positives},
        split_scheme="9:2:2",
        fingerprint="0123456789abcdef",
        cache=cache,
    )


@pytest.fixture
def dataset(cache: Path) -> Dataset:
    return make_dataset(cache)


def same(one: CandidateSet, other: CandidateSet) -> bool:
    return one.fingerprint == other.fingerprint


def files(dataset: Dataset) -> list[Path]:
    return sorted((dataset.cache / "candidates").glob("*.npz"))


@pytest.mark.parametrize("setting", ["random", "hard"])
def test_ten_negatives_follow_the_positives(dataset, setting):
    positives = dataset.split("test")
    candidates = dataset.candidates("test", setting)
    assert candidates.labels.tolist() == [True] * 20 + [False] * 200
    np.testing.assert_array_equal(candidates.items[:20], positives.items)
    np.testing.assert_array_equal(
        candidates.users, np.concatenate([positives.users, positives.users.repeat(10)])
    )
    whole = {tuple(outfit) for outfit in positives.items.tolist()}
    assert {tuple(outfit) in whole for outfit in candidates.items[20:].tolist()} == {setting == "hard"}


@pytest.mark.parametrize(("setting", "often"), [("random", {1}), ("hard", {3, 4})])
def test_a_user_is_asked_no_outfit_again_before_every_other_is_asked(dataset, setting, often):
    """Fifty hard negatives from fifteen outfits of others; of random ones there are thousands."""
    candidates = dataset.candidates("test", setting)
    negatives = candidates.outfits.take(~candidates.labels)
    for user in range(4):
        counts = Counter(map(tuple, negatives.items[negatives.users == user].tolist()))
        assert counts.total() == 50
        assert set(counts.values()) == often


def test_are_the_same_in_every_cache(dataset, tmp_path):
    elsewhere = dataclasses.replace(dataset, cache=tmp_path / "elsewhere")
    assert same(dataset.candidates("test", "random"), elsewhere.candidates("test", "random"))


def test_are_drawn_once(dataset, monkeypatch):
    first = dataset.candidates("test", "random")
    monkeypatch.setattr("outfitbench.datasets.candidates.sample_negatives", None)  # whoever draws again fails
    assert same(dataset.candidates("test", "random"), first)


@pytest.mark.parametrize(
    ("change", "split", "setting"),
    [
        ({}, "train", "random"),
        ({}, "test", "hard"),
        ({"fingerprint": "fedcba9876543210"}, "test", "random"),
        ({"split_scheme": "released"}, "test", "random"),
    ],
)
def test_differ_with_what_they_are_drawn_for(dataset, change, split, setting):
    first = dataset.candidates("test", "random")
    other = dataclasses.replace(dataset, **change).candidates(split, setting)
    assert len(files(dataset)) == 2
    assert (first.items != other.items).any()


def test_released_negatives_come_first(dataset):
    positives = dataset.split("test")
    released = sample_negatives(positives, dataset.item_category, seed=99)
    with_released = dataclasses.replace(
        dataset, released_negatives=lambda split, setting: released if setting == "random" else None
    )
    assert same(with_released.candidates("test", "random"), CandidateSet.join(positives, released))
    assert same(with_released.candidates("test", "hard"), dataset.candidates("test", "hard"))


@pytest.fixture(scope="module")
def drawn_once(tmp_path_factory):
    """A dataset in a cache of its own, its candidates, and the bytes of their file."""
    dataset = make_dataset(tmp_path_factory.mktemp("cache"))
    candidates = dataset.candidates("valid", "random")
    (path,) = files(dataset)
    return dataset, candidates, path.read_bytes()


class TestBrokenCache:
    @given(st.data())
    def test_is_drawn_again(self, drawn_once, data):
        dataset, first, written = drawn_once
        (path,) = files(dataset)
        whole = bytearray(written)
        for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=4)):
            whole[place] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
        assert same(dataset.candidates("valid", "random"), first)

    def test_of_other_positives_is_drawn_again(self, dataset):
        dataset.candidates("test", "random")
        other = dataclasses.replace(
            dataset, tables={"test": dataset.split("train").take(slice(None, None, -1))}
        )
        candidates = other.candidates("test", "random")  # the same fingerprint, wrongly
        np.testing.assert_array_equal(candidates.items[:20], other.split("test").items)


def test_impossible_negatives_are_refused(dataset):
    one_user = dataclasses.replace(dataset, tables={"test": dataset.split("train").take(slice(0, 5))})
    with pytest.raises(InputError, match="hard negatives: found no outfit that user 0 has not posted"):
        one_user.candidates("test", "hard")
    assert files(one_user) == []


@pytest.mark.parametrize("setting", ["random", "hard"])
def test_no_negative_was_posted_by_its_user_in_any_split(cache, setting):
    """A small catalogue, where half of all outfits were posted in training: blind draws would meet them."""
    every = np.array(list(itertools.product(range(4), range(4, 8), range(8, 12))), np.int32)
    order = np.random.default_rng(3).permutation(len(every))
    worn = [order[:30], order[:30], order[20:50]]
    train = OutfitTable(np.repeat(np.int32([0, 1, 2]), 30), every[np.concatenate(worn)])
    test = OutfitTable(np.repeat(np.int32([0, 1, 2]), 4), every[order[50:62]])
    dataset = dataclasses.replace(
        make_dataset(cache),
        num_users=3,
        item_category=np.repeat(np.int8([0, 1, 2]), 4),
        item_names=[str(number) for number in range(12)],
        tables={"train": train, "valid": train.take(slice(0, 1)), "test": test},
    )
    own = {
        (user, tuple(items))
        for table in dataset.tables.values()
        for user, items in zip(table.users.tolist(), table.items.tolist(), strict=True)
    }
    candidates = dataset.candidates("test", setting)
    negatives = candidates.outfits.take(~candidates.labels)
    assert len(negatives) == 120
    if setting == "random":
        assert [len(np.unique(ten, axis=0)) for ten in np.split(negatives.items, 12)] == [10] * 12
    for user, items in zip(negatives.users.tolist(), negatives.items.tolist(), strict=True):
        assert (user, tuple(items)) not in own


def test_a_catalogue_that_is_too_small_is_refused_before_anything_is_written(cache):
    """Eighteen outfits: three in the test, six in training, and nine are no ten."""
    every = np.array(list(itertools.product([0, 1, 2], [3, 4, 5], [6, 7])), np.int32)
    test, rest = every[[0, 9, 16]], np.delete(every, [0, 9, 16], axis=0)

    def dataset(worn: int) -> Dataset:
        return dataclasses.replace(
            make_dataset(cache),
            num_users=1,
            item_category=np.int8([0, 0, 0, 1, 1, 1, 2, 2]),
            tables={
                "train": OutfitTable(np.zeros(worn, np.int32), rest[:worn]),
                "test": OutfitTable(np.zeros(3, np.int32), test),
            },
        )

    with pytest.raises(
        InputError,
        match=r"can make \(18\) but 9, with those of user 0 in other splits, expected items that make 10",
    ):
        dataset(6).candidates("test", "random")
    assert files(dataset(6)) == []
    assert len(dataset(5).candidates("test", "random")) == 33
