"""Shuffled users: who stands in for whom, and what a ranking owes to its users."""

from __future__ import annotations

import numpy as np
import pytest
from outfitbench.datasets import CandidateSet, OutfitTable, load_dataset
from outfitbench.evaluation.item_inputs import ItemInputs
from outfitbench.evaluation.scoring import scoring_of
from outfitbench.evaluation.user_rankings import other_users, rank_as_others_too, rank_users
from outfitbench.models import create_model


@pytest.mark.parametrize("distinct", [[0, 1], [4, 7, 9], list(range(50))])
def test_nobody_stands_for_themselves_and_everybody_for_one(distinct: list[int]) -> None:
    for seed in range(20):
        users = np.random.default_rng(seed).permutation(np.int32(distinct * 3))
        others = other_users(users, seed)
        pairs = set(zip(users.tolist(), others.tolist(), strict=True))
        assert all(user != other for user, other in pairs)
        assert sorted(user for user, _ in pairs) == sorted(other for _, other in pairs) == distinct
    assert others.tolist() == other_users(users, seed).tolist()


def test_seeds_draw_other_circles() -> None:
    users = np.arange(30, dtype=np.int32)
    assert len({tuple(other_users(users, seed)) for seed in range(5)}) == 5


def candidates_of_two() -> CandidateSet:
    """User 3 likes item 0, user 8 likes item 1."""
    positives = OutfitTable(np.int32([3, 8]), np.int32([[0], [1]]))
    return CandidateSet.join(positives, OutfitTable(np.int32([3, 8]), np.int32([[1], [0]])))


def test_who_knows_two_users_is_turned_around_by_shuffling_them() -> None:
    candidates = candidates_of_two()

    def score(users: np.ndarray) -> np.ndarray:
        return ((users == 3) == (candidates.items[:, 0] == 0)).astype(float)

    own, found = rank_as_others_too(score, candidates, 9, seed=0)
    assert own.auc == [1.0, 1.0]
    assert found is not None
    assert (found.same_scores, found.test.users, found.test.auc) == (False, [3, 8], [0.0, 0.0])


def test_with_one_user_there_is_nobody_to_stand_in() -> None:
    candidates = candidates_of_two()
    alone = candidates.users == 3
    one = CandidateSet(candidates.users[alone], candidates.items[alone], candidates.labels[alone])
    own, found = rank_as_others_too(np.zeros_like, one, 9, seed=0)
    assert (own.auc, found) == ([0.5], None)


@pytest.mark.parametrize(("name", "same"), [("type-aware", True), ("student-xs", False)])
def test_a_network_without_users_gives_the_same_scores_to_the_last_bit(name: str, same: bool) -> None:
    dataset = load_dataset("closet-12")
    whole = dataset.candidates("test", "random")
    rows = np.random.default_rng(0).permutation(len(whole))[:60]
    some = CandidateSet(whole.users[rows], whole.items[rows], whole.labels[rows])
    model = create_model(name, num_users=dataset.num_users)
    encoded = []
    inside = model.encode_items
    model.encode_items = lambda images, categories: encoded.append(len(images)) or inside(images, categories)
    score = scoring_of(model, dataset, ItemInputs(dataset, 64), some)
    own, found = rank_as_others_too(score, some, dataset.num_users, seed=0)
    assert found is not None
    assert found.same_scores is same
    assert sum(encoded) == len(some.outfits.distinct_items), "each item once for both rankings"
    assert own == rank_users(score(some.users[None])[0], some, dataset.num_users), "as if ranked alone"
    assert (own == found.test) is same
