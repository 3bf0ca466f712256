"""What must not change a metric, and what must turn it round; scores are small integers, so ties abound."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from outfitbench.evaluation.metrics import per_user_auc, per_user_ndcg, rank_metrics, ranked_users
from sklearn.metrics import ndcg_score, roc_auc_score

OUTFIT = st.tuples(st.integers(-4, 4), st.booleans(), st.integers(0, 3))
"""(score, label, user)."""


@st.composite
def candidates(draw):
    rows = draw(st.lists(OUTFIT, min_size=2, max_size=40))
    scores, labels, users = map(np.array, zip(*rows, strict=True))
    assume(len(ranked_users(labels, users)))
    return scores.astype(float), labels, users


def assert_same(found, expected):
    for a, b in zip(astuple(found), astuple(expected), strict=True):
        np.testing.assert_array_equal(a, b)


@given(candidates())
def test_equal_to_scikit_learn(rows):
    scores, labels, users = rows
    found = rank_metrics(scores, labels, users)
    for i, user in enumerate(found.users):
        own = users == user
        assert found.auc[i] == pytest.approx(roc_auc_score(labels[own], scores[own]), abs=1e-9)
        assert found.ndcg_standard[i] == pytest.approx(
            ndcg_score(labels[own][None], scores[own][None]), abs=1e-9
        )


@given(candidates(), st.sampled_from([np.exp, np.arctan, lambda s: 3 * s - 7, lambda s: s**3, np.float32]))
def test_only_the_order_of_scores_counts(rows, monotone):
    scores, labels, users = rows
    assert_same(rank_metrics(monotone(scores), labels, users), rank_metrics(scores, labels, users))


@given(candidates(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_count(rows, random):
    order = list(range(len(rows[0])))
    random.shuffle(order)
    assert_same(rank_metrics(*(column[order] for column in rows)), rank_metrics(*rows))


@given(candidates(), st.permutations([11, -2, 300, 70_000]))
def test_users_are_but_names(rows, names):
    scores, labels, users = rows
    found = rank_metrics(scores, labels, users)
    renamed = rank_metrics(scores, labels, np.array(names)[users])
    order = np.argsort(np.array(names)[found.users])
    np.testing.assert_array_equal(renamed.users, np.array(names)[found.users][order])
    np.testing.assert_array_equal(renamed.ndcg, found.ndcg[order])
    np.testing.assert_array_equal(renamed.auc, found.auc[order])


@given(candidates())
def test_other_users_do_not_count(rows):
    scores, labels, users = rows
    found = rank_metrics(scores, labels, users)
    alone = [per_user_ndcg(scores[users == u], labels[users == u], users[users == u]) for u in found.users]
    np.testing.assert_array_equal(found.ndcg, np.concatenate(alone))


@given(candidates())
def test_the_opposite_order_has_the_opposite_auc(rows):
    scores, labels, users = rows
    np.testing.assert_allclose(
        per_user_auc(-scores, labels, users), 1 - per_user_auc(scores, labels, users), atol=1e-12
    )


@given(candidates())
def test_values_are_shares_and_alike_alone_and_together(rows):
    together = rank_metrics(*rows)
    np.testing.assert_array_equal(together.users, ranked_users(rows[1], rows[2]))
    np.testing.assert_array_equal(together.auc, per_user_auc(*rows))
    np.testing.assert_array_equal(together.ndcg, per_user_ndcg(*rows))
    np.testing.assert_array_equal(together.ndcg_standard, per_user_ndcg(*rows, variant="standard"))
    for values in (together.auc, together.ndcg, together.ndcg_standard):
        assert values.dtype == np.float64
        assert (values >= 0).all()
        assert (values <= 1 + 1e-12).all()


@given(candidates(), st.data())
def test_raising_a_positive_never_hurts(rows, data):
    scores, labels, users = rows
    row = data.draw(st.sampled_from(np.flatnonzero(labels).tolist()))
    raised = scores.copy()
    raised[row] += data.draw(st.integers(1, 5))
    before, after = rank_metrics(scores, labels, users), rank_metrics(raised, labels, users)
    assert (after.auc >= before.auc - 1e-12).all()
    assert (after.ndcg >= before.ndcg - 1e-12).all()
    assert (after.ndcg_standard >= before.ndcg_standard - 1e-12).all()
