"""Cold start against numbers worked out by hand, NumPy and scikit-learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from outfitbench.datasets import CandidateSet, Dataset
from outfitbench.datasets.cold_histories import ColdHistories, cold_candidates, draw_histories
from outfitbench.evaluation.cold_start import (
    average_weights,
    cold_user_scores,
    neighbours,
    rank_cold_users,
    similarities,
    weighted_average_weights,
)
from outfitbench.evaluation.item_inputs import ItemInputs
from outfitbench.evaluation.scoring import encode_items, score_candidates
from outfitbench.models import OutfitModel, create_model, list_models
from sklearn.metrics import roc_auc_score

from ..datasets.wardrobes import Vectors, wardrobe

KNOWN = np.array([[0.6, 0.4], [0.2, 0.0], [-0.3, -0.1]])
"""Scores of three known users for the two outfits that are known of a cold one: similarities .5, .1, −.2."""

RANKED = np.array([[0.9, 0.1], [0.3, 0.5], [-0.8, 0.7]])
"""Their scores for two candidates."""

AVG = [0.6, 0.3]
"""Of users 0 and 1, who alone are above δ = 0."""

W_AVG = [0.8284782, 0.1476812]
"""The same weighed by e^2.5 : e^0.5, or 0.8807971 : 0.1192029."""


class ByHand(OutfitModel):
    """Scores outfits of one item from a table of users and items; an item's feature is its number."""

    def __init__(self, scores: np.ndarray) -> None:
        super().__init__()
        self.scores = torch.nn.Parameter(torch.from_numpy(scores))
        self.num_users, self.feature_size, self.input_size = len(scores), 1, 1
        self.backbone_name = self.input_kind = "features"

    def encode_items(self, images: torch.Tensor, categories: torch.Tensor) -> torch.Tensor:
        return images

    def score(self, users: torch.Tensor, features: torch.Tensor, categories: torch.Tensor) -> torch.Tensor:
        return self.scores[users, features[:, 0, 0].long()]


def by_hand(cache: Path, known: np.ndarray, ranked: np.ndarray, strategy: str) -> tuple[list[float], int]:
    """Scores of the candidates for one cold user, and how many neighbourhoods hold one user only."""
    outfits = np.arange(known.shape[1] + ranked.shape[1], dtype=np.int32)[:, None]
    vectors = Vectors(outfits.astype(np.float32))
    dataset = wardrobe(cache, vectors=vectors, item_category=np.zeros(len(outfits), np.int8))
    history = outfits[: known.shape[1]]
    histories = ColdHistories(np.int32([7]), history[None, None], 0)
    candidates = CandidateSet(np.int32([7, 7]), outfits[known.shape[1] :], np.array([True, False]))
    model, inputs = ByHand(np.hstack([known, ranked])), ItemInputs(dataset, 64)
    found = cold_user_scores(model, dataset, inputs, histories, candidates, strategy)
    assert found.neighbourhoods is not None
    return found.scores[0].tolist(), found.neighbourhoods.alone


@pytest.mark.parametrize(("strategy", "expected"), [("avg", AVG), ("w-avg", W_AVG)])
def test_three_known_users_by_hand(cache: Path, strategy: str, expected: list[float]) -> None:
    scores, alone = by_hand(cache, KNOWN, RANKED, strategy)
    assert scores == pytest.approx(expected, abs=1e-6)
    assert alone == 0


@pytest.mark.parametrize("strategy", ["avg", "w-avg"])
def test_with_one_neighbour_a_score_is_that_neighbours(cache: Path, strategy: str) -> None:
    known = KNOWN * [[1], [-1], [1]]
    scores, alone = by_hand(cache, known, RANKED, strategy)
    assert scores == np.float32(RANKED[0]).tolist(), "to the last bit"
    assert alone == 0, "it is above the threshold"


@pytest.mark.parametrize("strategy", ["avg", "w-avg"])
def test_where_nobody_is_similar_the_most_similar_stands_alone(cache: Path, strategy: str) -> None:
    scores, alone = by_hand(cache, KNOWN - 0.5, RANKED, strategy)  # similarities 0, −.4, −.7
    assert scores == np.float32(RANKED[0]).tolist()
    assert alone == 1


def test_weights_sum_to_one_over_the_neighbours() -> None:
    rng = np.random.default_rng(0)
    similarity = similarities(rng.uniform(-1, 1, (12, 50, 5)))
    assert similarity.shape == (50, 12)
    near = neighbours(similarity, threshold=0.1)
    assert near.any(1).all()
    for weights in (average_weights(near), weighted_average_weights(similarity, near, temperature=1e-3)):
        np.testing.assert_allclose(weights.sum(1), 1, atol=1e-12)
        assert (weights[~near] == 0).all()
        assert (weights >= 0).all()


def test_the_most_similar_one_counts_alone_as_the_temperature_falls() -> None:
    similarity = np.array([[0.5, 0.4, 0.9]])
    near = neighbours(similarity)
    np.testing.assert_allclose(weighted_average_weights(similarity, near, 1e-4), [[0, 0, 1]], atol=1e-12)
    np.testing.assert_allclose(
        weighted_average_weights(similarity, near, 1e4), average_weights(near), atol=1e-4
    )


@pytest.fixture
def cold(cache: Path) -> tuple[Dataset, ItemInputs, ColdHistories, CandidateSet]:
    """A dataset of new users; the first of three has too few outfits."""
    dataset = wardrobe(cache, train=(1, 8, 9))
    histories = draw_histories(dataset, known=2, draws=3)
    return dataset, ItemInputs(dataset, 64), histories, cold_candidates(dataset, histories)


def model_of(name: str) -> OutfitModel:
    """For more users than the dataset of new ones has."""
    torch.manual_seed(0)
    return create_model(name, num_users=5, input_kind="features", feature_size=6).eval()


@pytest.mark.parametrize("name", sorted({*list_models()} - {"teacher", "student-m", "student-s"}))  # as XS is
def test_every_model_scores_new_users_in_each_of_its_ways(name: str, cold) -> None:
    dataset, inputs, histories, candidates = cold
    model = model_of(name)
    for strategy in model.cold_strategies:
        scores = cold_user_scores(model, dataset, inputs, histories, candidates, strategy).scores
        assert scores.shape == (3, len(candidates))
        assert np.isfinite(scores).all()
        knows_users = strategy != "no-user"
        assert (scores[0] != scores[1]).any() == knows_users, "what is known of a user tells, or does not"


def test_a_model_without_users_scores_as_ever(cold) -> None:
    dataset, inputs, histories, candidates = cold
    model = model_of("bi-lstm")  # whose scores depend on the items that are ranked
    found = cold_user_scores(model, dataset, inputs, histories, candidates, "no-user")
    assert found.neighbourhoods is None
    expected = score_candidates(model, dataset, inputs, candidates)
    for scores in found.scores:
        np.testing.assert_array_equal(scores, expected)


def test_a_models_own_way_scores_each_user_by_their_own_history(cold) -> None:
    dataset, inputs, histories, candidates = cold
    model = model_of("lpae-g")
    found = cold_user_scores(model, dataset, inputs, histories, candidates, "anchor-search").scores

    def features(items: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        return table.gather(items), torch.from_numpy(dataset.categories_of(items))

    with torch.inference_mode():
        table = encode_items(model, inputs, np.arange(dataset.num_items), dataset.num_items)
        for draw, place in ((0, 1), (2, 0)):
            tastes = model.cold_tastes(*(part[None] for part in features(histories.items[draw, place])))
            own = candidates.users == histories.users[place]
            alone = model.score_tastes(tastes, *features(candidates.items[own]))[0]
            np.testing.assert_allclose(found[draw, own], alone.numpy(), rtol=1e-4, atol=1e-4)


def test_each_item_is_encoded_once_for_all_draws(cold, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, inputs, histories, candidates = cold
    model, encoded = model_of("student-xs"), []
    original = model.encode_items
    monkeypatch.setattr(model, "encode_items", lambda x, c: (encoded.append(len(x)), original(x, c))[1])
    cold_user_scores(model, dataset, inputs, histories, candidates, "avg")
    items = np.concatenate([histories.items.ravel(), candidates.items.ravel()])
    assert sum(encoded) == len(np.unique(items))


def test_metrics_are_means_over_the_draws(cold) -> None:
    dataset, _, histories, candidates = cold
    scores = np.random.default_rng(0).normal(size=(3, len(candidates)))
    ranking = rank_cold_users(scores, candidates, dataset.num_users)
    assert ranking.test.users == histories.users.tolist() == [1, 2]
    assert ranking.test.left_out == 1
    aucs = np.array(
        [
            [roc_auc_score(candidates.labels[own], of_draw[own]) for of_draw in scores]
            for user in ranking.test.users
            for own in [candidates.users == user]
        ]
    )
    np.testing.assert_allclose(ranking.test.auc, aucs.mean(1), atol=1e-12)
    assert ranking.spread["auc"] == pytest.approx(aucs.mean(0).std(ddof=1))
    same = rank_cold_users(np.repeat(scores[:1], 3, axis=0), candidates, dataset.num_users)
    assert set(same.spread.values()) == {0.0}
