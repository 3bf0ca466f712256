"""RecD's two divergences against NumPy, user by user and outfit by outfit; N-pair + R against its sums."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.training.objectives import recombination_divergences
from outfitbench.training.objectives.n_pair_r_loss import NPairR
from outfitbench.training.objectives.objective import Outfits, RecombinedOptions
from outfitbench.training.objectives.recd_loss import RecD, RecDOptions
from pydantic import ValidationError

TAU = 0.1


def divergence(p: np.ndarray, q: np.ndarray) -> float:
    p, q = (np.exp(x / TAU) / np.exp(x / TAU).sum() for x in (p, q))
    return float((p * np.log(p / q)).sum())


@pytest.fixture
def scores() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    student = torch.rand(4, 6, dtype=torch.float64, requires_grad=True)
    return student, torch.rand(4, 6, dtype=torch.float64)


def test_divergences_by_hand(scores):
    student, teacher = scores
    s, t = student.detach().numpy(), teacher.numpy()
    by_user, by_outfit = recombination_divergences(student, teacher, TAU)
    assert by_user.item() == pytest.approx(np.mean([divergence(t[u], s[u]) for u in range(4)]))
    assert by_outfit.item() == pytest.approx(np.mean([divergence(t[:, b], s[:, b]) for b in range(6)]))


def test_gradient(scores):
    student, teacher = scores
    assert torch.autograd.gradcheck(lambda s: recombination_divergences(s, teacher, TAU), (student,))


def test_computed_in_float32_inside_autocast(scores):
    student, teacher = (scores.detach().bfloat16() for scores in scores)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = recombination_divergences(student, teacher, TAU)
    expected = recombination_divergences(student.double(), teacher.double(), TAU)
    torch.testing.assert_close(torch.stack(found), torch.stack(expected).float())


@pytest.mark.parametrize(("student", "teacher"), [((2, 3), (3, 2)), ((0, 3), (0, 3)), ((3,), (3,))])
def test_shapes_that_do_not_fit(student, teacher):
    with pytest.raises(InputError, match="student and teacher: found shapes"):
        recombination_divergences(torch.zeros(student), torch.zeros(teacher), TAU)


class Step(SimpleNamespace):
    """Two pairs, three recombined outfits, five users; scores of all users for all outfits."""

    def score_matrix(self, users, outfits):
        return self.student[users][:, outfits.rows[:, 0]]

    def teacher_scores(self, users, outfits):
        return self.taught[users][:, outfits.rows[:, 0]]


@pytest.fixture
def step() -> Step:
    torch.manual_seed(1)
    rows = torch.arange(7)[:, None]
    outfits = Outfits(rows, torch.zeros_like(rows))
    student = torch.rand(5, 7, dtype=torch.float64, requires_grad=True)
    users, own = torch.tensor([3, 1]), torch.tensor([[False, True], [False, False]])
    return Step(
        users=users,
        posted=own,
        positives=Outfits(*(part[:2] for part in outfits[:2])),
        negatives=Outfits(*(part[2:4] for part in outfits[:2])),
        recombined=Outfits(*(part[4:] for part in outfits[:2])),
        student=student,
        taught=torch.rand(5, 7, dtype=torch.float64),
        positive_scores=student[users, torch.arange(2)],
        negative_scores=student[users][:, 2:4].masked_fill(own, -torch.inf),
        recombined_scores=student[users][:, 4:],
    )


def n_pair_by_hand(step: Step) -> float:
    scores = step.student.detach().numpy()
    others = {0: [2, 4, 5, 6], 1: [2, 3, 4, 5, 6]}  # the first pair's user posted negative 1, outfit 3
    losses = []
    for pair, user in enumerate([3, 1]):
        like = np.exp(scores[user, pair] / TAU)
        losses.append(-np.log(like / (like + np.exp(scores[user, others[pair]] / TAU).sum())))
    return float(np.mean(losses))


def test_n_pair_r_is_n_pair_over_all_negatives(step):
    (loss,) = NPairR(RecombinedOptions(), None)(step).values()
    assert loss.item() == pytest.approx(n_pair_by_hand(step))


@pytest.mark.parametrize("users", ["batch", 2, 256])
@pytest.mark.parametrize("base", ["n-pair-r", "none"])
def test_recd_is_its_base_and_the_weighted_divergences(step, users, base):
    part = RecD(RecDOptions(users=users, base=base, distillation=3.0), SimpleNamespace(num_users=5))
    torch.manual_seed(7)
    losses = part(step)
    torch.manual_seed(7)
    chosen = {"batch": torch.tensor([1, 3]), 2: torch.randperm(5)[:2], 256: torch.arange(5)}[users]
    s, t = step.student.detach().numpy()[chosen], step.taught.numpy()[chosen]
    by_user = np.mean([divergence(t[u], s[u]) for u in range(len(chosen))])
    by_outfit = np.mean([divergence(t[:, b], s[:, b]) for b in range(7)])
    assert losses["outfits for a user"].item() == pytest.approx(3 * by_user)
    assert losses["users for an outfit"].item() == pytest.approx(3 * by_outfit)
    assert ("n-pair-r" in losses) == (base == "n-pair-r")
    if base == "n-pair-r":
        assert losses["n-pair-r"].item() == pytest.approx(n_pair_by_hand(step))
    sum(losses.values()).backward()
    assert step.student.grad.isfinite().all()


@pytest.mark.parametrize("options", [{"recombined": 0}, {"users": 1}, {"distillation": 0}, {"base": "fnd"}])
def test_options_that_cannot_be(options):
    with pytest.raises(ValidationError):
        RecDOptions(**options)
