"""FND against the paper's equations, spelled out, and against its own gradient (Eq. 16)."""

from __future__ import annotations

from math import exp, log
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from outfitbench.core.errors import InputError
from outfitbench.training.objectives import false_negative, n_pair
from outfitbench.training.objectives.false_negative_loss import FND, FNDOptions

TAU = 0.1


@pytest.fixture
def scores():
    """positive (5,), negative (5, 5) that want a gradient, and d (5, 5) of both signs."""
    torch.manual_seed(0)
    positive = torch.rand(5, dtype=torch.float64, requires_grad=True)
    negative = torch.rand(5, 5, dtype=torch.float64, requires_grad=True)
    return positive, negative, torch.randn(5, 5, dtype=torch.float64)


def test_worked_example():
    positive, negative = torch.tensor([0.2]), torch.tensor([[0.1, 0.4]])
    d = torch.tensor([[2.0, -0.5]])
    expected = -log(exp(2) / (exp(2) + exp(2.0 * 1) + exp(-0.5 * 4)))
    assert false_negative(positive, negative, d, TAU).item() == pytest.approx(expected, rel=1e-6)


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_is_n_pair_when_no_negative_is_false(pairs, seed):
    torch.manual_seed(seed)
    positive, negative = torch.randn(pairs), torch.randn(pairs, pairs)
    found = false_negative(positive, negative, torch.ones(pairs, pairs), TAU)
    torch.testing.assert_close(found, n_pair(positive, negative, TAU))


def test_gradient_is_equation_16(scores):
    positive, negative, d = scores
    false_negative(positive, negative, d, TAU).backward()
    own, others = (positive / TAU).exp(), (d * negative / TAU).exp()
    share = others / (own[:, None] + others.sum(dim=1, keepdim=True))  # Eq. 15
    torch.testing.assert_close(negative.grad, (d / TAU * share / len(positive)).detach())
    assert torch.autograd.gradcheck(lambda p, n: false_negative(p, n, d, TAU), (positive, negative))


def test_gradient_of_the_registered_part_is_equation_16(scores):
    """From the teacher's scores on (Eq. 11 and 12); a negative that its user posted is none of theirs."""
    positive, negative, _ = scores
    own = torch.eye(5, dtype=torch.bool).roll(1, dims=1)
    mean, word = torch.rand(5, dtype=torch.float64), torch.rand(5, 5, dtype=torch.float64)
    negatives = object()
    step = SimpleNamespace(
        users=torch.arange(5),
        negatives=negatives,
        posted=own,
        positive_scores=positive,
        negative_scores=negative.masked_fill(own, -torch.inf),
        teacher=SimpleNamespace(positive_mean=lambda users, over: {"train": mean}[over]),
        teacher_scores=lambda users, outfits: {negatives: word}[outfits],
    )
    (loss,) = FND(FNDOptions(alpha=2.5, alpha_mode="absolute", temperature=TAU), None)(step).values()
    loss.backward()

    d = 2.5 * (mean[:, None] - word)
    theirs = torch.where(own, 0.0, (d * negative / TAU).exp())
    share = theirs / ((positive / TAU).exp()[:, None] + theirs.sum(dim=1, keepdim=True))
    torch.testing.assert_close(negative.grad, (d / TAU * share / 5).detach())
    torch.testing.assert_close(positive.grad, (-share.sum(dim=1) / TAU / 5).detach())


def test_a_false_negative_is_pulled_and_a_true_one_pushed(scores):
    positive, negative, d = scores
    false_negative(positive, negative, d, TAU).backward()
    assert torch.equal(negative.grad.sign(), d.sign())


def test_where_every_score_is_one_the_loss_is_low_if_d_is_below_one():
    """The collapse that the warning warns of: such a model ranks nothing."""
    positive, negative = torch.ones(32), torch.ones(32, 32)
    below_one, one = torch.full((32, 32), 0.5), torch.ones(32, 32)
    assert false_negative(positive, negative, below_one, TAU) < 0.2
    assert false_negative(positive, negative, one, TAU).item() == pytest.approx(log(33), rel=1e-5)


def test_computed_in_float32_inside_autocast():
    torch.manual_seed(0)
    positive, negative, d = (
        torch.rand(8).bfloat16(),
        torch.rand(8, 8).bfloat16(),
        torch.randn(8, 8).bfloat16(),
    )
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = false_negative(positive, negative, d, TAU)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(
        loss, false_negative(positive.double(), negative.double(), d.double(), TAU).float()
    )


def test_false_negativeness_of_another_shape():
    with pytest.raises(
        InputError, match=r"false_negativeness: found shape \(3,\), expected that of negative, \(3, 3\)"
    ):
        false_negative(torch.zeros(3), torch.zeros(3, 3), torch.zeros(3), TAU)
