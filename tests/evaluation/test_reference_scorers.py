"""Scorers without a network: what the hidden model makes possible, and that nothing ranks better."""

from __future__ import annotations

import numpy as np
import pytest
from outfitbench.datasets import load_dataset
from outfitbench.evaluation.metrics import per_user_auc
from outfitbench.evaluation.reference_scorers import reference_auc, true_scores


@pytest.mark.parametrize("setting", ["random", "hard"])
def test_the_truth_stands_above_colours_and_colours_above_chance(setting):
    auc = reference_auc(load_dataset("closet-24"), setting, 64)
    assert auc["random"] == 0.5
    assert auc["random"] + 0.05 < auc["colour histogram"] < auc["hidden truth"] - 0.1


def test_random_is_what_many_draws_come_to():
    dataset = load_dataset("closet-12")
    candidates = dataset.candidates("test", "random")
    rng = np.random.default_rng(0)
    draws = [
        per_user_auc(rng.random(len(candidates)), candidates.labels, candidates.users).mean()
        for _ in range(200)
    ]
    standard_error = np.std(draws) / np.sqrt(len(draws))
    assert abs(np.mean(draws) - reference_auc(dataset, "random", 32)["random"]) < 4 * standard_error


def test_against_other_users_outfits_the_truth_weighs_what_they_all_post():
    """Bayes' rule outfit by outfit: the chance that it is this user's, of all who might have posted it."""
    dataset = load_dataset("closet-12")
    candidates = dataset.candidates("test", "hard")
    assert dataset.hidden is not None
    scores = true_scores(dataset.hidden, candidates, "hard")
    posters, posts = np.unique(candidates.users[candidates.labels], return_counts=True)
    for row in (0, 17, len(candidates) - 1):
        outfit = np.repeat(candidates.items[row : row + 1], len(posters), axis=0)
        likelihood = np.exp(dataset.hidden.preference(posters, outfit)) * posts / posts.sum()
        own = np.exp(dataset.hidden.preference(candidates.users[[row]], candidates.items[[row]]))
        assert np.exp(scores[row]) == pytest.approx(own / likelihood.sum())
    plain = dataset.hidden.preference(candidates.users, candidates.items)
    better, worse = (per_user_auc(s, candidates.labels, candidates.users).mean() for s in (scores, plain))
    assert better > worse
