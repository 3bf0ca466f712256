"""Hinton's, FitNets', ranking distillation's and DE-RRD's losses against NumPy, and their gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.training.objectives import (
    hint,
    ranking_distillation,
    relaxed_ranking,
    softened_divergence,
)
from outfitbench.training.objectives.de_rrd_loss import Experts, draw_ranked

OUT = -math.inf


@pytest.fixture
def scores() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Student's and teacher's (3, 6), and where an outfit is no part of the sample."""
    torch.manual_seed(0)
    own = torch.zeros(3, 6, dtype=torch.bool)
    own[1, 4] = own[2, 0] = own[2, 1] = True
    student = torch.rand(3, 6, dtype=torch.float64, requires_grad=True)
    return student, torch.rand(3, 6, dtype=torch.float64), own


def test_hinton_by_hand(scores):
    student, teacher, own = scores
    soft, rows = 2.0, []
    for s, t, out in zip(student.detach().numpy(), teacher.numpy(), own.numpy(), strict=True):
        p, q = (np.exp(x[~out] / soft) / np.exp(x[~out] / soft).sum() for x in (t, s))
        rows.append((p * np.log(p / q)).sum())

    def loss(s: torch.Tensor) -> torch.Tensor:
        return softened_divergence(s.masked_fill(own, OUT), teacher.masked_fill(own, OUT), soft)

    assert loss(student).item() == pytest.approx(soft**2 * np.mean(rows))
    assert torch.autograd.gradcheck(loss, (student,))


def test_hint_by_hand():
    torch.manual_seed(0)
    guided = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    teacher = torch.randn(5, 3, dtype=torch.float64)
    expected = 0.5 * np.mean((guided.detach().numpy() - teacher.numpy()) ** 2)
    assert hint(guided, teacher).item() == pytest.approx(expected)
    assert torch.autograd.gradcheck(lambda g: hint(g, teacher), (guided,))


def test_ranking_distillation_by_hand(scores):
    student, teacher, own = scores
    tau, top, sharpness, mu, rows = 0.1, 5, 1.5, 0.3, []
    for s, t, out in zip(student.detach().numpy(), teacher.numpy(), own.numpy(), strict=True):
        left = np.flatnonzero(~out)
        best = sorted(left, key=lambda j, t=t: -t[j])[:top]
        weights = []
        for r, j in enumerate(best, start=1):
            rank = 1 + sum(s[other] > s[j] for other in left)
            weights.append(np.exp(-r / sharpness) * max(0.0, np.tanh(mu * (rank - r))))
        liking = np.log(1 / (1 + np.exp(-s[best] / tau)))
        rows.append(-(np.array(weights) / sum(weights) * liking).sum())

    def loss(s: torch.Tensor) -> torch.Tensor:
        sample = s.masked_fill(own, OUT), teacher.masked_fill(own, OUT)
        return ranking_distillation(*sample, tau, top=top, sharpness=sharpness, discrepancy=mu)

    assert loss(student).item() == pytest.approx(np.mean(rows))
    assert torch.autograd.gradcheck(loss, (student,))


def test_a_relaxed_ranking_by_hand(scores):
    student, _, _ = scores
    interesting, rest = student[:, :3], student[:, 3:].detach().clone()
    rest[0, 1] = OUT
    places = []
    for best, others in zip(interesting.detach().numpy(), rest.numpy(), strict=True):
        below = np.exp(others / 0.1).sum()
        places += [-np.log(np.exp(best[k] / 0.1) / (np.exp(best[k:] / 0.1).sum() + below)) for k in range(3)]
    assert relaxed_ranking(interesting, rest, 0.1).item() == pytest.approx(np.mean(places))
    assert torch.autograd.gradcheck(lambda s: relaxed_ranking(s[:, :3], s[:, 3:], 0.1), (student,))
    alone = relaxed_ranking(interesting, rest[:, :0], 0.1)
    assert alone.item() == pytest.approx(relaxed_ranking(interesting, rest[:, :1] - torch.inf, 0.1).item())


def test_what_is_drawn_is_ranked_right_and_the_first_places_most_often():
    torch.manual_seed(0)
    teacher = torch.rand(2000, 40)
    drawn = draw_ranked(teacher, interesting=5, rest=8, sharpness=4.0)
    best, rest = teacher.gather(1, drawn.interesting), teacher.gather(1, drawn.rest)
    assert (best.diff(dim=1) < 0).all()
    assert (rest.max(1).values < best.min(1).values).all()
    assert all(len(set(row)) == 8 for row in drawn.rest[:50].tolist())
    place = teacher.argsort(dim=1, descending=True).argsort(dim=1)
    # With one drawn, place r has a share of e^(−r/4) over the upper half.
    one = place.gather(1, draw_ranked(teacher, 1, 8, 4.0).interesting)[:, 0].numpy()
    share = np.exp(-np.arange(20) / 4) / np.exp(-np.arange(20) / 4).sum()
    np.testing.assert_allclose(np.bincount(one, minlength=20) / 2000, share, atol=0.035)
    low = place.gather(1, drawn.rest).numpy()
    np.testing.assert_allclose(np.bincount(low.ravel(), minlength=40)[20:] / 2000, 0.4, atol=0.05)


def test_experts_are_weighed_by_what_the_teachers_vector_and_chance_say():
    """Gumbel noise, −log of an exponential, on the selection's logits; ReLU networks, in NumPy by hand."""
    torch.manual_seed(0)
    student, teacher = torch.randn(4, 6), torch.randn(4, 10)
    experts = Experts(6, 10, 3)
    torch.manual_seed(1)
    found = experts(student, teacher).detach().numpy()
    torch.manual_seed(1)
    noise = -np.log(torch.empty(4, 3).exponential_().numpy())

    weights = {name: value.detach().numpy() for name, value in experts.state_dict().items()}

    def layer(rows, name):
        return rows @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    shares = np.exp(layer(teacher.numpy(), "selection") + noise)
    shares /= shares.sum(1, keepdims=True)
    hidden = [np.maximum(layer(student.numpy(), f"experts.{k}.0"), 0) for k in range(3)]
    said = np.stack([layer(rows, f"experts.{k}.2") for k, rows in enumerate(hidden)], axis=1)
    np.testing.assert_allclose(found, np.einsum("nk,nkd->nd", shares, said), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "loss",
    [
        lambda: softened_divergence(torch.zeros(2, 3), torch.zeros(2, 2), 1.0),
        lambda: softened_divergence(torch.zeros(2, 3), torch.zeros(2, 3), 0.0),
        lambda: hint(torch.zeros(2, 3), torch.zeros(2, 4)),
        lambda: ranking_distillation(torch.zeros(0, 3), torch.zeros(0, 3), 0.1),
        lambda: relaxed_ranking(torch.zeros(2, 0), torch.zeros(2, 3), 0.1),
        lambda: relaxed_ranking(torch.zeros(2, 1), torch.zeros(3, 3), 0.1),
    ],
)
def test_what_does_not_fit_is_one_clear_line(loss):
    with pytest.raises(InputError, match="found"):
        loss()
