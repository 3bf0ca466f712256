"""What one sort for all users saves over a loop over users: a ratio of times taken in one run."""

from __future__ import annotations

from time import perf_counter

import numpy as np
import pytest
from outfitbench.evaluation.metrics import rank_metrics
from sklearn.metrics import ndcg_score, roc_auc_score

USERS, POSITIVES = 630, 23_054
"""The test split of Polyvore-630, ranked at 1 : 10."""


@pytest.fixture(scope="module", params=["distinct", "tied"])
def candidates(request):
    """Scores, labels and users (253,594,), positives first; unequal users, AUC about 0.9."""
    rng = np.random.default_rng(0)
    of_positive = np.sort(np.concatenate([np.arange(USERS), rng.integers(USERS, size=POSITIVES - USERS)]))
    users = np.concatenate([of_positive, np.repeat(of_positive, 10)]).astype(np.int32)
    labels = np.repeat([True, False], [POSITIVES, 10 * POSITIVES])
    scores = rng.normal(size=len(users)) + 1.8 * labels
    return scores if request.param == "distinct" else scores.round(1), labels, users


def loop_over_users(scores, labels, users):
    """(630, 3): AUC and standard NDCG by scikit-learn, NDCG over all cut-offs by its definition."""
    return np.array([_of_one_user(scores[own], labels[own]) for own in (users == u for u in range(USERS))])


def _of_one_user(scores, labels):
    distinct, tie = np.unique(-scores, return_inverse=True)
    gain = (np.bincount(tie, labels, len(distinct)) / np.bincount(tie))[np.sort(tie)]
    discount = np.log2(np.maximum(np.arange(1, len(labels) + 1), 2))
    of_cutoffs = np.cumsum(gain / discount) / np.cumsum(np.sort(labels)[::-1] / discount)
    return roc_auc_score(labels, scores), of_cutoffs.mean(), ndcg_score(labels[None], scores[None])


def test_rank_metrics_against_a_loop_over_users(benchmark, candidates):
    seconds, expected = [], []

    def time_the_loop():
        start = perf_counter()
        expected[:] = [loop_over_users(*candidates)]
        seconds.append(perf_counter() - start)

    # The loop runs before each round, so that both meet the same machine.
    found = benchmark.pedantic(rank_metrics, candidates, setup=time_the_loop, rounds=7)
    np.testing.assert_allclose(
        np.column_stack([found.auc, found.ndcg, found.ndcg_standard]), expected[0], rtol=0, atol=1e-9
    )
    if not benchmark.disabled:
        ratios = np.array(seconds) / benchmark.stats.stats.data
        benchmark.extra_info["loop over users / one sort, median"] = float(np.median(ratios))
