from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from outfitbench.datasets import load_dataset, sample_negatives
from outfitbench.datasets.closet import CLOSETS
from outfitbench.datasets.closet.painter import paint
from outfitbench.datasets.closet.styles import STYLES, Traits, contrast, weights_of
from outfitbench.datasets.closet.world import World, create_world
from outfitbench.datasets.splits import shared_items
from outfitbench.datasets.tables import CandidateSet
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score


@pytest.fixture(scope="module")
def world() -> World:
    return create_world(CLOSETS["closet-24"])


@pytest.mark.parametrize("name", CLOSETS)
def test_each_closet_is_as_described(name: str) -> None:
    closet, made = CLOSETS[name], create_world(CLOSETS[name])
    train, valid, test = (made.outfits[split] for split in ("train", "valid", "test"))
    total = len(train) + len(valid) + len(test)
    assert total == pytest.approx(closet.num_users * closet.outfits_per_user, rel=0.02)
    assert len(valid) == len(test) == pytest.approx(total * 2 / 13, rel=0.05)
    assert shared_items(train, test) == 0
    assert all(set(table.users.tolist()) == set(range(closet.num_users)) for table in made.outfits.values())
    worn = np.concatenate([table.items[table.items >= 0] for table in made.outfits.values()])
    assert set(worn.tolist()) == set(range(len(made.garments)))
    assert 2.2 < len(worn) / len(made.garments) < 3.1
    assert len({garment.file_name for garment in made.garments}) == len(made.garments)
    if name.endswith("v"):
        assert 0.3 < (train.items[:, 1] >= 0).mean() < 0.5


@pytest.mark.parametrize("name", [name for name, closet in CLOSETS.items() if closet.cold_sibling])
def test_a_cold_sibling_has_other_items_of_the_same_kind(name: str) -> None:
    sibling = CLOSETS[name].cold_sibling
    assert sibling is not None
    assert CLOSETS[sibling].slots == CLOSETS[name].slots
    one, other = (create_world(CLOSETS[each]) for each in (name, sibling))
    assert {g.file_name for g in one.garments}.isdisjoint(g.file_name for g in other.garments)


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
        coherence[setting] = per_user_auc(world.mixture.coherence(candidates.items), candidates)
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
    scores = np.empty(len(test))
    for user in range(4):
        mine, asked = train.users == user, test.users == user
        model = LogisticRegression(C=0.05, class_weight="balanced", max_iter=1000)
        model.fit(histograms[train.items[mine]].mean(axis=1), train.labels[mine])
        scores[asked] = model.decision_function(histograms[test.items[asked]].mean(axis=1))
    assert 0.55 < per_user_auc(scores, test) < 0.8


def colour_histogram(picture: Image.Image) -> NDArray[np.float64]:
    bins = np.asarray(picture.reduce(4), int).reshape(-1, 3) // 64
    return np.sqrt(np.bincount(bins @ [16, 4, 1], minlength=64) / len(bins))
