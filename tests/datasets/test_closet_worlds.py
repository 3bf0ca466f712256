from __future__ import annotations

import itertools
from dataclasses import asdict, replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from outfitbench.datasets import load_dataset, sample_negatives
from outfitbench.datasets.closet import CLOSETS
from outfitbench.datasets.closet.garment import Garment
from outfitbench.datasets.closet.painter import paint
from outfitbench.datasets.closet.spec import Closet
from outfitbench.datasets.closet.styles import STYLES, Traits, contrast, weights_of
from outfitbench.datasets.closet.world import World, create_world
from outfitbench.datasets.splits import shared_items
from outfitbench.datasets.tables import CandidateSet
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score


@cache
def world_of(name: str) -> World:
    return create_world(CLOSETS[name])


@pytest.fixture(scope="module")
def world() -> World:
    return world_of("closet-24")


@pytest.mark.parametrize("name", CLOSETS)
def test_each_closet_is_as_described(name: str) -> None:
    closet, made = CLOSETS[name], world_of(name)
    train, valid, test = (made.outfits[split] for split in ("train", "valid", "test"))
    total = len(train) + len(valid) + len(test)
    assert total == pytest.approx(closet.num_users * closet.outfits_per_user, rel=0.02)
    assert len(valid) == len(test) == pytest.approx(total * 2 / 13, rel=0.05)
    assert shared_items(train, test) == 0
    assert all(set(table.users.tolist()) == set(range(closet.num_users)) for table in made.outfits.values())
    worn = np.concatenate([table.items[table.items >= 0] for table in made.outfits.values()])
    assert set(worn.tolist()) == set(range(len(made.garments)))
    assert 2.2 < len(worn) / len(made.garments) < 3.1
    assert len(file_names(name)) == len(made.garments)
    if name.endswith("v"):
        assert 0.3 < (train.items[:, 1] >= 0).mean() < 0.5


@pytest.mark.parametrize("name", [name for name, closet in CLOSETS.items() if closet.cold_sibling])
def test_a_cold_sibling_has_other_users_and_items_of_the_same_kind_of_world(name: str) -> None:
    closet = CLOSETS[name]
    sibling = CLOSETS[str(closet.cold_sibling)]
    size = {"num_users", "outfits_per_user", "items_per_category"}
    assert differences(closet, sibling) == {*size, "seed", "cold_sibling"}
    assert file_names(name).isdisjoint(file_names(str(closet.cold_sibling)))


def differences(one: Closet, other: Closet) -> set[str]:
    """The fields in which two descriptions differ."""
    return {field for field, value in asdict(one).items() if value != asdict(other)[field]}


@cache
def file_names(name: str) -> frozenset[str]:
    return frozenset(garment.file_name for garment in world_of(name).garments)


def test_another_seed_is_another_world_of_the_same_kind() -> None:
    names = ["closet-60", "closet-60b", "closet-60c"]
    for one, other in itertools.combinations(names, 2):
        assert differences(CLOSETS[one], CLOSETS[other]) == {"seed"}
        assert file_names(one).isdisjoint(file_names(other))
        tastes = [world_of(name).mixture.taste_weights for name in (one, other)]
        assert (tastes[0] != tastes[1]).any(axis=1).mean() > 0.9


DENSE = {"dense5": (5, 1), "dense15": (15, 2)}
"""Percent of truly liked random negatives, and how far from it the two large worlds may be."""


@pytest.mark.parametrize("rate", DENSE)
@pytest.mark.parametrize("name", ["closet-24", "closet-60"])
def test_a_dense_sibling_differs_in_how_broad_tastes_are_and_how_coherent_an_outfit_must_be(
    name: str, rate: str
) -> None:
    dials = {"liking", "mixing_percent"}
    assert differences(CLOSETS[name], CLOSETS[f"{name}-{rate}"]) - {"cold_sibling"} == dials
    shared = file_names(name) & file_names(f"{name}-{rate}")
    assert len(shared) > 0.5 * len(file_names(name))  # of the same garments, others are worn


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("rate", DENSE)
@pytest.mark.parametrize("name", ["closet-24", "closet-60", "closet-16"])
def test_the_name_says_how_many_random_negatives_are_truly_liked(name: str, rate: str, split: str) -> None:
    percent, tolerance = DENSE[rate]
    if name == "closet-16":  # few users, with fortunes of their own
        tolerance = percent / 2
    found = 100 * truly_liked(world_of(f"{name}-{rate}"), split)
    assert found == pytest.approx(percent, abs=tolerance)


@pytest.mark.parametrize("name", ["closet-24", "closet-60", "closet-60b", "closet-60c"])
def test_elsewhere_hardly_any_random_negative_is_truly_liked(name: str) -> None:
    assert 0 < truly_liked(world_of(name), "test") < 0.005


def truly_liked(world: World, split: str) -> float:
    """Share of random negatives that are liked at least as much as the user's average training outfit."""
    outfits = world.outfits[split]
    candidates = candidates_of(world, split, 0.0)
    negatives = candidates.outfits.take(~candidates.labels)
    liked = []
    for user in np.unique(outfits.users):
        own, theirs = (table.take(table.users == user) for table in (world.outfits["train"], negatives))
        bar = world.mixture.preference(own.users, own.items).mean()
        liked.append(world.mixture.preference(theirs.users, theirs.items) >= bar)
    return float(np.concatenate(liked).mean())


def coherence_of(world: World, items: np.ndarray) -> np.ndarray:
    """How well items go together, for somebody who likes every style alike."""
    anyone = np.ones((1, world.mixture.item_weights.shape[1]), dtype=np.int64)
    return replace(world.mixture, taste_weights=anyone).preference(np.zeros(len(items), np.int64), items)


@pytest.mark.parametrize(("rate", "least"), [("dense5", 0.89), ("dense15", 0.82)])
def test_a_dense_world_is_worth_learning(rate: str, least: float) -> None:
    """The truth is as far above colours and above who knows no user as the rate leaves it."""
    world = world_of(f"closet-24-{rate}")
    train, test = (candidates_of(world, split, 0.0) for split in ("train", "test"))
    truth = per_user_auc(world.mixture.preference(test.users, test.items), test)
    anyones = [np.exp(world.mixture.preference(np.full(len(test), user), test.items)) for user in range(24)]
    assert truth >= least
    assert per_user_auc(coherence_of(world, test.items), test) < truth - 0.25
    assert per_user_auc(np.sum(anyones, axis=0), test) < truth - 0.2
    colours = np.array([dyes(garment) for garment in world.garments])
    assert 0.5 < per_user_auc(learned_from(colours, train, test), test) < truth - 0.2


def test_no_two_traits_tell_more_of_a_style_than_they_must() -> None:
    for one, other in (("palette", "pattern"), ("palette", "cut"), ("pattern", "cut")):
        assert len({(getattr(style, one), getattr(style, other)) for style in STYLES}) == 16
    assert contrast().sum(axis=1).tolist() == [6] * 16


def test_a_style_likes_what_shows_its_traits() -> None:
    weights = weights_of(Traits(palette=0, pattern=0, cut=0))
    assert weights.index(max(weights)) == STYLES.index(Traits(0, 0, 0))
    assert min(weights) == 1


def test_the_loaded_dataset_knows_its_truth() -> None:
    dataset = load_dataset("closet-12")
    assert dataset.hidden is not None
    candidates = dataset.candidates("test", "random")
    assert per_user_auc(dataset.hidden.preference(candidates.users, candidates.items), candidates) > 0.85


def per_user_auc(scores: NDArray[np.floating], candidates: CandidateSet) -> float:
    users = candidates.users
    return float(
        np.mean([roc_auc_score(candidates.labels[users == u], scores[users == u]) for u in np.unique(users)])
    )


def candidates_of(world: World, split: str, hard: float, users: int | None = None) -> CandidateSet:
    """The outfits of the first users (of all by default) with ten negatives each."""
    outfits = world.outfits[split]
    positives = outfits if users is None else outfits.take(outfits.users < users)
    negatives = sample_negatives(positives, world.mixture.item_category, hard=hard, seed=1)
    return CandidateSet.join(positives, negatives)


def test_the_truth_is_far_above_chance_and_coherence_alone_is_not_enough(world: World) -> None:
    truth, coherence = {}, {}
    for setting, hard in (("random", 0.0), ("hard", 1.0)):
        candidates = candidates_of(world, "test", hard)
        truth[setting] = per_user_auc(
            world.mixture.preference(candidates.users, candidates.items), candidates
        )
        coherence[setting] = per_user_auc(coherence_of(world, candidates.items), candidates)
    assert truth["random"] >= 0.95
    assert truth["hard"] >= 0.85
    assert coherence["random"] <= truth["random"] - 0.1
    assert coherence["hard"] == pytest.approx(0.5, abs=0.06)


def test_a_random_scorer_is_at_one_half(world: World) -> None:
    candidates = candidates_of(world, "test", 0.0)
    rng = np.random.default_rng(0)
    found = [per_user_auc(rng.random(len(candidates)), candidates) for _ in range(10)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.02)


def test_a_colour_histogram_is_well_below_the_truth(world: World) -> None:
    """What a regularised regression makes of the colours of each of four users' outfits."""
    train, test = (candidates_of(world, split, 0.0, users=4) for split in ("train", "test"))
    items = np.union1d(train.items, test.items)
    histograms = np.zeros((len(world.garments), 64))
    histograms[items] = [colour_histogram(paint(world.garments[item])) for item in items]
    assert 0.55 < per_user_auc(learned_from(histograms, train, test), test) < 0.8


def learned_from(looks: NDArray[np.float64], train: CandidateSet, test: CandidateSet) -> NDArray[np.float64]:
    """Scores of a regularised regression, one a user, on the mean look of an outfit's items."""
    scores = np.empty(len(test))
    for user in np.unique(test.users):
        mine, asked = train.users == user, test.users == user
        model = LogisticRegression(C=0.05, class_weight="balanced", max_iter=1000)
        model.fit(looks[train.items[mine]].mean(axis=1), train.labels[mine])
        scores[asked] = model.decision_function(looks[test.items[asked]].mean(axis=1))
    return scores


def dyes(garment: Garment) -> NDArray[np.float64]:
    """What a colour histogram sees of a garment, before it is drawn."""
    bins = np.array([garment.base, garment.second, garment.trim]) // 64
    return np.sqrt(np.bincount(bins @ [16, 4, 1], weights=[0.6, 0.3, 0.1], minlength=64))


def colour_histogram(picture: Image.Image) -> NDArray[np.float64]:
    bins = np.asarray(picture.reduce(4), int).reshape(-1, 3) // 64
    return np.sqrt(np.bincount(bins @ [16, 4, 1], minlength=64) / len(bins))


def test_where_garments_lie_changes_no_trait_and_no_outfit() -> None:
    at_home = CLOSETS["closet-16"]
    here, there = create_world(at_home), create_world(replace(at_home, at_home=False))
    assert all(garment.ground is not None for garment in here.garments)
    assert not any(garment.ground for garment in there.garments)
    assert np.array_equal(here.mixture.item_weights, there.mixture.item_weights)
    assert all(
        np.array_equal(here.outfits[split].items, there.outfits[split].items) for split in here.outfits
    )
