"""The best k of many outfits for each user, against NumPy's full stable sort."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.evaluation.top_k import TopK, top_k


def whole_numbers(seed: int, users: int, outfits: int, width: int = 8):
    """Vectors whose products are exact and often equal, so that every tie counts."""
    draw = np.random.default_rng(seed)
    return tuple(draw.integers(-2, 3, (count, width)).astype(np.float32) for count in (users, outfits))


def sorted_whole(scores, k):
    """Of equal scores the first: the order that a stable sort leaves."""
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]


@pytest.mark.parametrize(
    ("users", "outfits", "k", "memory"),
    [
        (1, 1, 1, 1),
        (7, 300, 5, 2400),  # a block is 33 outfits for 3 users
        (70, 5000, 10, 1 << 20),
        (3, 4, 9, 1 << 20),  # fewer outfits than k
        (5, 5000, 2100, 1 << 20),  # more than a block has
        (1100, 2100, 3, 64 << 20),  # two blocks of users, two of outfits
    ],
)
def test_the_best_are_those_of_a_full_sort(users, outfits, k, memory):
    wearers, worn = whole_numbers(users + outfits, users, outfits)
    best = top_k(torch.from_numpy(wearers), worn, k, memory=memory)
    scores = wearers @ worn.T
    expected = sorted_whole(scores, k)
    assert np.array_equal(best.outfits, expected)
    assert np.array_equal(best.scores, np.take_along_axis(scores, expected, 1))


@pytest.mark.parametrize("order", ["falling", "rising", "one"])
def test_no_order_of_the_outfits_harms(order):
    """The last outfits may be the best of all, for one user or for all."""
    scores = np.arange(10_000, dtype=np.float32) * {"falling": -1, "rising": 1, "one": 0}[order]
    best = top_k(torch.tensor([[1.0], [-1.0], [0.0]]), scores[:, None], 4)
    expected = sorted_whole(np.stack([scores, -scores, 0 * scores]), 4)
    assert np.array_equal(best.outfits, expected)


def test_parts_are_merged_in_any_order():
    wearers, worn = whole_numbers(5, 20, 999)
    scores = torch.from_numpy(wearers @ worn.T)
    parts = [TopK(20, 7) for _ in range(3)]
    for number, first in enumerate(range(0, 999, 333)):
        parts[number].add(scores[:, first : first + 333], first)
    whole, *others = parts[2], parts[0], parts[1]
    for other in others:
        whole.merge(other.result())
    assert np.array_equal(whole.result().outfits, sorted_whole(scores.numpy(), 7))


def test_zero_has_no_sign():
    best = TopK(1, 3)
    best.add(torch.tensor([[-0.0, 0.0, -1.0, float("inf")]]), first=0)
    assert best.result().outfits.tolist() == [[3, 0, 1]]


@pytest.mark.parametrize("broken", [float("nan"), float("-inf")])
def test_a_score_that_is_no_number_is_refused(broken):
    def best_of(scores):
        best = TopK(1, 2)
        best.add(torch.tensor([scores]), first=0)
        return best.result()

    with pytest.raises(InputError, match=r"scores: found (NaN|-inf), expected numbers"):
        best_of([1.0, broken])


def test_it_is_refused_among_the_best_of_many_that_gain_at_once():
    scores = torch.arange(32.0)[None]
    scores[0, 5] = -torch.inf
    best = TopK(1, 32)
    best.add(scores, first=0)
    with pytest.raises(InputError, match=r"scores: found -inf, expected numbers"):
        best.result()
    fewer = TopK(1, 31)
    fewer.add(scores, first=0)
    assert 5 not in fewer.result().outfits


def test_outfits_in_a_file_need_not_be_writable(tmp_path):
    wearers, worn = whole_numbers(3, 4, 50)
    np.save(tmp_path / "outfits.npy", worn)
    mapped = np.load(tmp_path / "outfits.npy", mmap_mode="r")
    assert np.array_equal(
        top_k(torch.from_numpy(wearers), mapped, 3).outfits, sorted_whole(wearers @ worn.T, 3)
    )
