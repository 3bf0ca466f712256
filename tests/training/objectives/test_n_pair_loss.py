"""N-pair against torch's cross-entropy and against numbers worked out by hand."""

from __future__ import annotations

from math import exp, log

import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.training.objectives import bpr, n_pair
from torch.nn import functional

TAU = 0.1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_is_the_cross_entropy_of_picking_the_positive(dtype):
    torch.manual_seed(0)
    positive, negative = torch.rand(6, dtype=dtype), torch.rand(6, 6, dtype=dtype)
    logits = torch.cat([positive[:, None], negative], dim=1) / TAU
    expected = functional.cross_entropy(logits, torch.zeros(6, dtype=torch.long))
    torch.testing.assert_close(n_pair(positive, negative, TAU), expected)


def test_worked_example():
    loss = n_pair(torch.tensor([0.2, 0.1]), torch.tensor([[0.1, 0.0], [0.1, 0.3]]), temperature=0.1)
    first = -log(exp(2) / (exp(2) + exp(1) + exp(0)))
    second = -log(exp(1) / (exp(1) + exp(1) + exp(3)))
    assert loss.item() == pytest.approx((first + second) / 2, rel=1e-6)


def test_gradient():
    torch.manual_seed(0)
    positive = torch.rand(4, dtype=torch.float64, requires_grad=True)
    negative = torch.rand(4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda p, n: n_pair(p, n, TAU), (positive, negative))


def test_a_single_pair_is_bpr():
    positive, negative = torch.tensor([0.3]), torch.tensor([[0.5]])
    torch.testing.assert_close(n_pair(positive, negative, TAU), bpr(positive, negative, TAU))


def test_extreme_scores_stay_finite_and_exact():
    positive = torch.tensor([50.0, -50.0], requires_grad=True)
    negative = torch.tensor([[-50.0, -50.0], [50.0, 50.0]], requires_grad=True)
    loss = n_pair(positive, negative, temperature=0.01)
    loss.backward()
    assert loss.item() == pytest.approx(10_000 / 2, rel=1e-4)
    assert positive.grad.isfinite().all()
    assert negative.grad.isfinite().all()


def test_a_small_loss_is_not_rounded_to_zero():
    loss = n_pair(torch.tensor([1.0]), torch.tensor([[-1.0]]), TAU)
    assert loss.item() == pytest.approx(exp(-20), rel=1e-5)


def test_computed_in_float32_inside_autocast():
    torch.manual_seed(0)
    positive, negative = torch.rand(8).bfloat16(), torch.rand(8, 8).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = n_pair(positive, negative, TAU)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, n_pair(positive.double(), negative.double(), TAU).float())


@pytest.mark.parametrize(
    ("positive", "negative", "temperature", "message"),
    [
        ((0,), (0, 0), 0.1, r"positive: found shape \(0,\), expected \(N,\) with N of 1 or more"),
        ((3, 1), (3, 3), 0.1, r"positive: found shape \(3, 1\)"),
        ((3,), (3,), 0.1, r"negative: found shape \(3,\), expected one row for each pair, \(3, K\)"),
        ((3,), (2, 3), 0.1, r"negative: found shape \(2, 3\)"),
        ((3,), (3, 0), 0.1, r"negative: found shape \(3, 0\)"),
        ((3,), (3, 3), 0.0, "temperature: found 0.0, expected a number above 0"),
        ((3,), (3, 3), float("nan"), "temperature: found nan"),
    ],
)
def test_bad_input_is_one_clear_line(positive, negative, temperature, message):
    with pytest.raises(InputError, match=message):
        n_pair(torch.zeros(positive), torch.zeros(negative), temperature)
