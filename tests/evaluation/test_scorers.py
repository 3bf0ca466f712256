"""Scorers against counts by hand, the hidden model's own probabilities, and what was published."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from outfitbench.core.errors import InputError
from outfitbench.datasets import Dataset, OutfitTable, load_dataset
from outfitbench.evaluation.metrics import per_user_auc
from outfitbench.evaluation.scorers import SCORERS
from outfitbench.evaluation.scorers.colour_histogram import colour_histograms
from PIL import Image


def scorer(name: str, dataset: Dataset, setting: str = "random"):
    return SCORERS.get(name)(dataset, setting)


def mean_auc(name: str, dataset: Dataset, setting: str) -> float:
    candidates = dataset.candidates("test", setting)
    scores = scorer(name, dataset, setting).score(candidates.outfits)
    return float(per_user_auc(scores, candidates.labels, candidates.users).mean())


def outfits(users: list[int], items: list[list[int]]) -> OutfitTable:
    return OutfitTable(np.int32(users), np.int32(items))


class Pictures:
    """Images of one colour each."""

    def __init__(self, colours: list[tuple[int, int, int]]) -> None:
        self.colours = colours
        self.names = [f"{number}.png" for number in range(len(colours))]

    def read(self, index: int) -> bytes:
        encoded = BytesIO()
        Image.new("RGB", (80, 80), self.colours[index]).save(encoded, "PNG")
        return encoded.getvalue()

    def content_key(self) -> str:
        return "solid"


@pytest.fixture
def small(tmp_path) -> Dataset:
    """Six items of one colour each and five training outfits; items 0 and 1 are red, the others blue."""
    train = outfits([0, 0, 1, 1, 1], [[0, 1, -1], [0, 2, -1], [0, 3, 4], [2, 3, 4], [3, 4, -1]])
    test = outfits([0, 1], [[1, 5, -1], [4, 5, -1]])
    return replace(
        load_dataset("closet-12"),
        name="small",
        num_users=2,
        item_category=np.int8([0, 1, 2, 0, 1, 2]),
        item_names=list("abcdef"),
        tables={"train": train, "test": test},
        cache=tmp_path,
        pictures=Pictures([(250, 10, 10)] * 2 + [(10, 10, 200)] * 4),
        hidden=None,
    )


def test_popularity_counts_training_outfits_of_any_user(small: Dataset) -> None:
    """By hand: items 0 to 5 occur 3, 1, 2, 3, 3 and 0 times in the five outfits."""
    asked = outfits([0, 1, 0, 1], [[0, 1, -1], [0, 1, -1], [2, 3, 4], [5, 5, -1]])
    assert scorer("popularity", small).score(asked).tolist() == [2.0, 2.0, 8 / 3, 0.0]


def test_a_solid_colour_is_one_bin_of_the_histogram(small: Dataset) -> None:
    """(250, 10, 10) has red at level 3 of 0 to 3: 16 · 3 = 48; (10, 10, 200) has blue at level 3."""
    found = colour_histograms(small, 16)
    expected = np.zeros((6, 64))
    expected[[0, 1], 48] = 1
    expected[[2, 3, 4, 5], 3] = 1
    np.testing.assert_array_equal(found, expected)


def test_colours_are_held_against_the_users_own(small: Dataset) -> None:
    """By hand, as the share of red r of an outfit: the training outfits have 1, 1/2, 1/3, 0, 0, mean 11/30.

    User 0 has 3/4 − 11/30 = 23/60 more red and as much less blue than all, user 1 has 1/9 − 11/30 = −23/90;
    an outfit of red r scores (2 r − 1) times that.
    """
    asked = outfits([0, 1, 0, 1, 0], [[0, 1, -1], [0, 1, -1], [2, 3, 4], [2, 3, 4], [0, 2, -1]])
    found = scorer("colour-histogram", small).score(asked)
    np.testing.assert_allclose(found, [23 / 60, -23 / 90, -23 / 60, 23 / 90, 0], atol=1e-7)


@pytest.mark.slow  # 3,000 garments are drawn; test_closet_worlds.py tells how hard the world is without
@pytest.mark.parametrize(
    ("name", "random", "hard"),
    [("random", 50.0, 50.0), ("colour-histogram", 72.05, 71.03), ("hidden-truth", 98.22, 97.92)],
)
def test_closet_24_is_as_hard_as_it_was_published(name: str, random: float, hard: float) -> None:
    dataset = load_dataset("closet-24")
    found = [100 * mean_auc(name, dataset, setting) for setting in ("random", "hard")]
    assert found == pytest.approx([random, hard], abs=0.006)


def test_random_is_what_many_draws_come_to() -> None:
    dataset = load_dataset("closet-12")
    candidates = dataset.candidates("test", "random")
    rng = np.random.default_rng(0)
    draws = [
        per_user_auc(rng.random(len(candidates)), candidates.labels, candidates.users).mean()
        for _ in range(200)
    ]
    standard_error = np.std(draws) / np.sqrt(len(draws))
    assert mean_auc("random", dataset, "random") == pytest.approx(np.mean(draws), abs=4 * standard_error)


def test_against_other_users_outfits_the_truth_weighs_what_they_all_post() -> None:
    """Bayes' rule outfit by outfit: the chance that it is this user's, of all who might have posted it."""
    dataset = load_dataset("closet-12")
    candidates = dataset.candidates("test", "hard")
    assert dataset.hidden is not None
    scores = scorer("hidden-truth", dataset, "hard").score(candidates.outfits)
    posters, posts = np.unique(candidates.users[candidates.labels], return_counts=True)
    for row in (0, 17, len(candidates) - 1):
        outfit = np.repeat(candidates.items[row : row + 1], len(posters), axis=0)
        likelihood = np.exp(dataset.hidden.preference(posters, outfit)) * posts / posts.sum()
        own = np.exp(dataset.hidden.preference(candidates.users[[row]], candidates.items[[row]]))
        assert np.exp(scores[row]) == pytest.approx(own / likelihood.sum())
    plain = dataset.hidden.preference(candidates.users, candidates.items)
    better, worse = (per_user_auc(s, candidates.labels, candidates.users).mean() for s in (scores, plain))
    assert better > worse


def test_what_a_dataset_lacks_is_said(small: Dataset) -> None:
    assert SCORERS.get("hidden-truth").lacks(small) == "hidden preference"
    assert not SCORERS.get("colour-histogram").lacks(small)
    assert SCORERS.get("colour-histogram").lacks(replace(small, pictures=None)) == "images"
    assert not SCORERS.get("popularity").lacks(replace(small, pictures=None))


def test_an_unknown_scorer_is_told_the_nearest() -> None:
    with pytest.raises(InputError, match="found 'populartiy', expected a scorer; nearest: popularity"):
        SCORERS.get("populartiy")
