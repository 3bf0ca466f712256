"""Values: against scikit-learn, against all orders of the tied outfits, and against worked examples."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from itertools import permutations
from math import log2

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.evaluation.metrics import per_user_auc, per_user_ndcg, rank_metrics, ranked_users
from sklearn.metrics import ndcg_score, roc_auc_score


def all_cutoffs_of_ranked_labels(labels):
    """The definition word for word: the mean over m of DCG@m / IDCG@m, discount log2(max(r, 2))."""

    def dcg(ranked, m):
        return sum((2**y - 1) / log2(max(r, 2)) for r, y in enumerate(ranked[:m], start=1))

    best, n = sorted(labels, reverse=True), len(labels)
    return sum(dcg(labels, m) / dcg(best, m) for m in range(1, n + 1)) / n


def over_orders_of_ties(scores, labels, metric):
    """The mean of a metric over every order that sorts the scores descending."""
    orders = [
        o for o in permutations(range(len(scores))) if list(np.diff(np.take(scores, o)) > 0).count(True) == 0
    ]
    return np.mean([metric([labels[i] for i in order]) for order in orders])


@pytest.fixture(scope="module", params=["distinct scores", "heavy ties", "float32"])
def ranked_lists(request):
    """(scores, labels, users) of forty users in shuffled rows, a weak scorer."""
    rng = np.random.default_rng(7)
    users = rng.permutation(np.repeat(np.arange(40) * 3 + 5, rng.integers(20, 90, size=40)))
    labels = rng.random(len(users)) < 0.15
    scores = rng.normal(size=len(users)) + labels
    if request.param == "heavy ties":
        scores = scores.round()
    if request.param == "float32":
        scores = scores.astype(np.float32)
    return scores, labels, users


def test_auc_and_standard_ndcg_equal_scikit_learn(ranked_lists):
    scores, labels, users = ranked_lists
    found = rank_metrics(scores, labels, users)
    rows = [users == user for user in found.users]
    np.testing.assert_allclose(
        found.auc, [roc_auc_score(labels[r], scores[r]) for r in rows], rtol=0, atol=1e-9
    )
    np.testing.assert_allclose(
        found.ndcg_standard, [ndcg_score(labels[r][None], scores[r][None]) for r in rows], rtol=0, atol=1e-9
    )


def test_ndcg_over_all_cutoffs_equals_its_definition():
    rng = np.random.default_rng(3)
    users = np.repeat(np.arange(20), 30)
    labels = rng.random(600) < 0.2
    scores = rng.permutation(600) / 600
    expected = [
        all_cutoffs_of_ranked_labels(labels[users == u][np.argsort(-scores[users == u])].astype(int).tolist())
        for u in range(20)
    ]
    np.testing.assert_allclose(per_user_ndcg(scores, labels, users), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("scores", "labels"),
    [
        ([1, 1, 1, 1, 1], [1, 0, 0, 1, 0]),
        ([2, 2, 1, 1, 0, 0], [0, 1, 1, 1, 0, 1]),
        ([3, 1, 1, 1, 0], [0, 0, 1, 0, 1]),
    ],
)
def test_ties_are_the_mean_over_all_their_orders(scores, labels):
    expected = over_orders_of_ties(scores, labels, all_cutoffs_of_ranked_labels)
    assert per_user_ndcg(scores, labels, [0] * len(scores)) == pytest.approx([expected], abs=1e-12)


def test_worked_example():
    # Ranked: negative, positive, negative. DCG@m = 0, 1, 1 and IDCG@m = 1, 1, 1 with discounts 1, 1, log2(3).
    found = rank_metrics([0.3, 0.2, 0.1], [0, 1, 0], [4, 4, 4])
    assert found.auc == pytest.approx([1 / 2])
    assert found.ndcg == pytest.approx([2 / 3])
    assert found.ndcg_standard == pytest.approx([1 / log2(3)])


def test_perfect_and_worst_order():
    labels = [1, 1, 0, 0, 0]
    best = rank_metrics([5, 4, 3, 2, 1], labels, [0] * 5)
    assert (best.auc, best.ndcg, best.ndcg_standard) == (1.0, pytest.approx(1.0), pytest.approx(1.0))
    assert per_user_auc([1, 2, 3, 4, 5], labels, [0] * 5) == 0.0


# The figures of the random order are those of the authors' definition and of the usual one, at 1 : 10.
@pytest.mark.parametrize(
    ("positives", "all_cutoffs", "standard"), [(5, 0.22, 0.43), (20, 0.26, 0.48), (37, 0.29, 0.51)]
)
def test_constant_scorer_equals_a_random_order(positives, all_cutoffs, standard):
    n, users = 11 * positives, 3000
    labels = np.arange(n) < positives
    constant = rank_metrics(np.full(n, 0.7), labels, np.zeros(n, int))
    assert constant.auc == pytest.approx([0.5], abs=1e-15)
    assert constant.ndcg == pytest.approx([all_cutoffs], abs=0.02)
    assert constant.ndcg_standard == pytest.approx([standard], abs=0.02)

    scores = np.random.default_rng(0).random(n * users)
    drawn = rank_metrics(scores, np.tile(labels, users), np.repeat(np.arange(users), n))
    for name in ("auc", "ndcg", "ndcg_standard"):
        values = getattr(drawn, name)
        standard_error = values.std() / np.sqrt(users)
        assert abs(values.mean() - getattr(constant, name)) < 4 * standard_error


def test_users_without_a_positive_or_a_negative_are_left_out():
    labels, users = [1, 0, 0, 0, 1, 1, 0], [9, 9, 2, 2, 5, 5, 7]
    assert ranked_users(labels, users).tolist() == [9]
    found = rank_metrics([0.1, 0.9, 0.5, 0.4, 0.3, 0.2, 0.1], labels, users)
    assert found.users.tolist() == [9]
    assert found.auc.tolist() == [0.0]


@pytest.mark.parametrize("rows", [0, 3])
def test_nobody_to_rank(rows):
    found = rank_metrics(np.ones(rows), np.ones(rows), np.zeros(rows, int))
    assert found.users.shape == found.auc.shape == found.ndcg.shape == found.ndcg_standard.shape == (0,)


@pytest.mark.parametrize("ids", [[-100, 27, 127], [-1, 65_535, 70_000], [0, 2**40, 2**62]])
def test_any_integer_is_a_user(ids):
    users = np.repeat(ids, 4)[::-1]
    labels, scores = np.tile([0, 1, 0, 0], 3), np.array([2, 1, 0, 0, 1, 2, 0, 0, 0, 0, 1, 2])
    assert ranked_users(labels, users).tolist() == ids
    assert per_user_auc(scores, labels, users).tolist() == pytest.approx([1 / 6, 1, 2 / 3])


B = 2**60
BESIDE_B = [-1, -1, B, B, B + 1, B + 1, B, B + 1]
"""Ids that float64 cannot tell apart, beside −1 for the anonymous."""


@pytest.mark.parametrize(
    "users",
    [
        BESIDE_B,
        tuple(BESIDE_B),
        np.array(BESIDE_B),
        np.array(BESIDE_B, dtype=object),
        torch.tensor(BESIDE_B),
        [np.int64(BESIDE_B[0]), np.uint8(255), *BESIDE_B[2:]],
        [np.uint64(user) if user > 0 else np.int64(user) for user in BESIDE_B],
        np.array([user % 2**63 + 2**63 for user in BESIDE_B], dtype=np.uint64),
        [user % 2**63 + 2**62 for user in BESIDE_B],
    ],
    ids=["list", "tuple", "int64", "objects", "tensor", "mixed", "both signs", "uint64", "above 2^63"],
)
def test_large_ids_are_told_apart(users):
    labels, scores = [1, 0, 1, 0, 1, 0, 0, 0], [0.9, 0.1, 0.9, 0.1, 0.2, 0.8, 0.5, 0.4]
    expected = {-1: 1.0, B: 1.0, B + 1: 0.0}
    found = rank_metrics(scores, labels, users)
    if isinstance(users, list) and isinstance(users[1], np.uint8):
        del expected[-1]  # one row each for two users: none has both labels
    assert sorted(found.auc.tolist()) == sorted(expected.values())
    assert found.users.tolist() == ranked_users(labels, users).tolist()
    assert {int(user) for user in found.users} <= {int(user) for user in users}


def test_four_hundred_large_ids_and_the_anonymous():
    rng = np.random.default_rng(0)
    names = np.concatenate([[-1], 1_500_000_000_000_000_000 + np.arange(400)])
    rows = np.repeat(np.arange(401), 12)
    labels, scores = np.tile(np.arange(12) < 3, 401), rng.random(len(rows))
    found = rank_metrics(scores, labels, names[rows])
    np.testing.assert_array_equal(found.users, names)
    np.testing.assert_array_equal(found.auc, per_user_auc(scores, labels, rows))


@pytest.mark.parametrize(
    ("users", "found"),
    [
        ([-1, 2**63], "integers of up to 64 bits and a sign"),
        ([0, 2**64], "integers of up to 65 bits"),
        ([np.int64(-1), np.uint64(2**63)], "integers of up to 64 bits and a sign"),
        ([-1, 10**6000], "integers of up to 19932 bits and a sign"),
    ],
)
def test_ids_that_cannot_be_held_are_refused(users, found):
    with pytest.raises(InputError, match=f"users: found {found}, expected ids that 64 bits hold together"):
        per_user_auc([0.1, 0.2], [1, 0], users)
    with pytest.raises(InputError, match=f"users: found {found}"):
        ranked_users([1, 0], users)


@pytest.mark.parametrize("dtype", [np.int64, np.uint64, object])
def test_scores_that_are_large_whole_numbers_keep_their_order(dtype):
    scores = np.array([2**60 + 1, 2**60, 2**60 + 2], dtype=dtype)
    assert per_user_auc(scores, [1, 0, 0], [0, 0, 0]).tolist() == [0.5]


@pytest.mark.parametrize(("positives", "negatives"), [(3, 30), (7, 11), (40, 400)])
def test_auc_is_the_float_nearest_to_the_ratio(positives, negatives):
    labels = np.arange(positives + negatives) < positives
    rng = np.random.default_rng(1)
    for levels in (5, 1000):
        scores = rng.integers(levels, size=len(labels))
        above, level = scores[labels][:, None] > scores[~labels], scores[labels][:, None] == scores[~labels]
        ratio = Fraction(int(2 * above.sum() + level.sum()), 2 * positives * negatives)
        assert per_user_auc(scores, labels, np.zeros(len(labels), int)).tolist() == [float(ratio)]


def test_more_users_than_fit_in_sixteen_bits():
    users = np.tile(np.arange(70_000), 2)
    labels = np.repeat([True, False], 70_000)
    good = np.arange(70_000) % 3 == 0
    scores = np.where(labels, 1.0, np.tile(np.where(good, 0.0, 2.0), 2))
    np.testing.assert_array_equal(per_user_auc(scores, labels, users), good)


def test_infinities_are_ordered():
    assert per_user_auc([np.inf, -np.inf, np.inf], [1, 0, 0], [0, 0, 0]) == pytest.approx([0.75])


def test_tensors_are_accepted():
    scores, labels, users = (
        torch.tensor([0.9, 0.1, 0.5]),
        torch.tensor([True, False, True]),
        torch.tensor([1, 1, 1]),
    )
    assert per_user_auc(scores, labels, users).tolist() == [1.0]


def test_reports_need_no_torch_to_compare_methods():
    program = "import sys; from outfitbench.evaluation.metrics import *; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    ("scores", "labels", "users", "message"),
    [
        ([0.1, np.nan], [1, 0], [0, 0], r"scores\[1\]: found NaN, expected a number"),
        ([0.1, 0.2], [1, 2], [0, 0], r"labels\[1\]: found 2, expected 0 or 1"),
        ([0.1, 0.2], [1, 0, 0], [0, 0], r"labels: found shape \(3,\), expected one for each outfit, \(2,\)"),
        ([0.1, 0.2], [1, 0], [0], r"users: found shape \(1,\)"),
        ([0.1, 0.2], [1, 0], [0.0, 1.0], "users: found dtype float64, expected integers"),
        ([[0.1, 0.2]], [1, 0], [0, 0], r"scores: found shape \(1, 2\)"),
    ],
)
def test_bad_input_is_one_clear_line(scores, labels, users, message):
    with pytest.raises(InputError, match=message):
        rank_metrics(scores, labels, users)


def test_unknown_variant():
    with pytest.raises(InputError, match="variant: found 'usual', expected 'all-cutoffs' or 'standard'"):
        per_user_ndcg([0.1, 0.2], [1, 0], [0, 0], variant="usual")


@pytest.mark.parametrize("variant", ["all-cutoffs", "standard"])
def test_a_perfect_order_is_worth_1_and_no_more(variant):
    sizes = [(p, 10 * p + extra) for p in range(1, 60) for extra in range(3)]
    users = np.repeat(np.arange(len(sizes)), [p + n for p, n in sizes])
    labels = np.concatenate([np.repeat([1, 0], size) for size in sizes])
    scores = -np.arange(len(labels), dtype=float)
    found = per_user_ndcg(scores, labels, users, variant)
    assert found.max() == 1.0
    np.testing.assert_allclose(found, 1.0, rtol=1e-12)
