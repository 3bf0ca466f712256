"""RKD's distances and angles against Eq. 4–8, written as loops."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.training.objectives import relational_angle, relational_distance
from outfitbench.training.objectives.objective import Outfits
from outfitbench.training.objectives.rkd_loss import RKD, RKDOptions


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


def step_of(pairs: int) -> SimpleNamespace:
    """So many pairs; vectors of their outfits, of any length, by the row of an outfit's one item."""
    torch.manual_seed(1)
    rows = torch.arange(2 * pairs)[:, None]
    outfits = Outfits(rows, torch.zeros_like(rows), rows.numpy().astype(np.int32))
    student = torch.randn(2 * pairs, 4, dtype=torch.float64, requires_grad=True)
    taught = torch.randn(2 * pairs, 7, dtype=torch.float64)
    return SimpleNamespace(
        positives=outfits.first(pairs),
        negatives=Outfits(*(part[pairs:] for part in outfits)),
        student=student,
        taught=taught,
        outfit_vectors=lambda outfits: student[outfits.rows[:, 0]],
        teacher=SimpleNamespace(embed_outfits=lambda items, categories: taught[items[:, 0]]),
    )


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


VECTORS = SimpleNamespace(has_outfit_vectors=True)
"""All that it asks of a model."""


@pytest.mark.parametrize(
    ("distance", "angle", "outfits"), [(1.0, 2.0, 64), (3.0, 0.5, 4), (0.0, 2.0, 6), (3.0, 0.0, 5)]
)
def test_a_steps_outfits_are_related_at_length_1_each_relation_with_its_weight(distance, angle, outfits):
    step = step_of(3)
    losses = RKD(RKDOptions(distance=distance, angle=angle, outfits=outfits), VECTORS)(step)
    ours, theirs = (unit_rows(vectors.detach().numpy()[:outfits]) for vectors in (step.student, step.taught))
    expected = {
        "distances": distance * distances_by_hand(ours, theirs),
        "angles": angle * angles_by_hand(ours, theirs),
    }
    assert {name: loss.item() for name, loss in losses.items()} == pytest.approx(
        {name: loss for name, loss in expected.items() if loss}
    )
    sum(losses.values()).backward()
    assert step.student.grad[:outfits].isfinite().all()
    assert step.student.grad[:outfits].any(1).all()
    assert not step.student.grad[outfits:].any(), "the others are related to none"


def test_the_two_outfits_of_a_single_pair_have_no_angle_and_still_a_gradient():
    step = step_of(1)
    losses = RKD(RKDOptions(distance=0.0), VECTORS)(step)
    assert {name: loss.item() for name, loss in losses.items()} == {"distances": 0.0}
    losses["distances"].backward()
    assert not step.student.grad.any()
