"""BPR against torch's binary cross-entropy."""

from __future__ import annotations

import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.training.objectives import bpr
from torch.nn import functional


def test_is_the_binary_cross_entropy_of_the_difference():
    torch.manual_seed(0)
    positive, negative = torch.rand(6), torch.rand(6, 6)
    difference = (positive - negative.diagonal()) / 0.2
    expected = functional.binary_cross_entropy_with_logits(difference, torch.ones(6))
    torch.testing.assert_close(bpr(positive, negative, 0.2), expected)


def test_a_pair_meets_only_its_own_negative():
    torch.manual_seed(0)
    positive = torch.rand(4, dtype=torch.float64, requires_grad=True)
    negative = torch.rand(4, 4, dtype=torch.float64, requires_grad=True)
    bpr(positive, negative, 0.1).backward()
    assert torch.equal(negative.grad != 0, torch.eye(4, dtype=torch.bool))
    assert torch.autograd.gradcheck(lambda p, n: bpr(p, n, 0.1), (positive, negative))


def test_needs_a_negative_of_its_own_for_each_pair():
    with pytest.raises(InputError, match=r"negative: found shape \(3, 5\), expected square, \(3, 3\)"):
        bpr(torch.zeros(3), torch.zeros(3, 5), 0.1)
