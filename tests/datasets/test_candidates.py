"""Candidate sets: one to ten, the same for everyone, and whole or drawn again."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outfitbench.datasets.candidates import load_candidates
from outfitbench.datasets.dataset import Dataset
from outfitbench.datasets.errors import InputError
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
    candidates = load_candidates(dataset, "test", setting)
    assert candidates.labels.tolist() == [True] * 20 + [False] * 200
    np.testing.assert_array_equal(candidates.items[:20], positives.items)
    np.testing.assert_array_equal(
        candidates.users, np.concatenate([positives.users, positives.users.repeat(10)])
    )
    whole = {tuple(outfit) for outfit in positives.items.tolist()}
    assert {tuple(outfit) in whole for outfit in candidates.items[20:].tolist()} == {setting == "hard"}


def test_are_the_same_in_every_cache(dataset, tmp_path):
    elsewhere = dataclasses.replace(dataset, cache=tmp_path / "elsewhere")
    assert same(load_candidates(dataset, "test", "random"), load_candidates(elsewhere, "test", "random"))


def test_are_drawn_once(dataset, monkeypatch):
    first = load_candidates(dataset, "test", "random")
    monkeypatch.setattr("outfitbench.datasets.candidates.sample_negatives", None)  # whoever draws again fails
    assert same(load_candidates(dataset, "test", "random"), first)


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
    first = load_candidates(dataset, "test", "random")
    other = load_candidates(dataclasses.replace(dataset, **change), split, setting)
    assert len(files(dataset)) == 2
    assert (first.items != other.items).any()


def test_released_negatives_come_first(dataset):
    positives = dataset.split("test")
    released = sample_negatives(positives, dataset.item_category, seed=99)
    with_released = dataclasses.replace(
        dataset, released_negatives=lambda split, setting: released if setting == "random" else None
    )
    assert same(load_candidates(with_released, "test", "random"), CandidateSet.join(positives, released))
    assert same(load_candidates(with_released, "test", "hard"), load_candidates(dataset, "test", "hard"))


class TestBrokenCache:
    @settings(deadline=None)
    @given(st.data())
    def test_is_drawn_again(self, tmp_path_factory, data):
        dataset = make_dataset(tmp_path_factory.mktemp("cache"))
        first = load_candidates(dataset, "valid", "random")
        (path,) = files(dataset)
        whole = bytearray(path.read_bytes())
        for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=4)):
            whole[place] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
        assert same(load_candidates(dataset, "valid", "random"), first)

    def test_of_other_positives_is_drawn_again(self, dataset):
        load_candidates(dataset, "test", "random")
        other = dataclasses.replace(
            dataset, tables={"test": dataset.split("train").take(slice(None, None, -1))}
        )
        candidates = load_candidates(other, "test", "random")  # the same fingerprint, wrongly
        np.testing.assert_array_equal(candidates.items[:20], other.split("test").items)


def test_impossible_negatives_are_refused(dataset):
    one_user = dataclasses.replace(dataset, tables={"test": dataset.split("train").take(slice(0, 5))})
    with pytest.raises(InputError, match="hard negatives: found no outfit that user 0 has not posted"):
        load_candidates(one_user, "test", "hard")
    assert files(one_user) == []
