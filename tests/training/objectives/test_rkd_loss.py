"""RKD's distances and angles against Eq. 4–8, written as loops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.training.objectives import relational_angle, relational_distance


def huber(x: float) -> float:
    return 0.5 * x * x if abs(x) <= 1 else abs(x) - 0.5


def distances_by_hand(ours: np.ndarray, theirs: np.ndarray) -> float:
    pairs = list(itertools.combinations(range(len(ours)), 2))
    found = []
    for vectors in (ours, theirs):
        lengths = np.array([np.linalg.norm(vectors[i] - vectors[j]) for i, j in pairs])
        found.append(lengths / lengths.mean())
    return float(np.mean([huber(a - b) for a, b in zip(*found, strict=True)]))


def angles_by_hand(ours: np.ndarray, theirs: np.ndarray) -> float:
    def cosine(v: np.ndarray, i: int, j: int, k: int) -> float:
        a, b = v[i] - v[j], v[k] - v[j]
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    triples = itertools.permutations(range(len(ours)), 3)
    return float(np.mean([huber(cosine(ours, *t) - cosine(theirs, *t)) for t in triples]))


@pytest.fixture
def vectors() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    student = torch.randn(5, 4, dtype=torch.float64, requires_grad=True)
    return student, torch.randn(5, 7, dtype=torch.float64) ** 3


@pytest.mark.parametrize(
    ("loss", "by_hand"), [(relational_distance, distances_by_hand), (relational_angle, angles_by_hand)]
)
def test_relations_by_hand(vectors, loss, by_hand):
    student, teacher = vectors
    assert loss(student, teacher).item() == pytest.approx(by_hand(student.detach().numpy(), teacher.numpy()))
    assert torch.autograd.gradcheck(lambda s: loss(s, teacher), (student,))


@pytest.mark.parametrize("loss", [relational_distance, relational_angle])
def test_equal_outfits_have_finite_gradients(loss):
    student = torch.ones(4, 3, requires_grad=True)
    loss(student, torch.randn(4, 3)).backward()
    assert student.grad.isfinite().all()


@pytest.mark.parametrize(("loss", "rows"), [(relational_distance, 1), (relational_angle, 2)])
def test_too_few_outfits_for_a_relation(loss, rows):
    with pytest.raises(InputError, match="student and teacher: found shapes"):
        loss(torch.zeros(rows, 3), torch.zeros(rows, 3))
