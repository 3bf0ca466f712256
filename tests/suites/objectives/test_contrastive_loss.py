"""The contrastive loss against Eq. 17 and 18, written as loops."""

from __future__ import annotations

from math import exp, log

import pytest
import torch
from outfitbench.datasets.errors import InputError
from outfitbench.suites.objectives import contrastive

TAU = 0.1


def equations_17_and_18(views):
    def similarity(n, m):
        return torch.cosine_similarity(views[n], views[m], dim=0).item()

    def term(n, m):
        others = sum(exp(similarity(n, t) / TAU) for t in range(len(views)) if t != n)
        return -log(exp(similarity(n, m) / TAU) / others)

    pairs = range(len(views) // 2)
    return sum(term(2 * n, 2 * n + 1) + term(2 * n + 1, 2 * n) for n in pairs) / len(views)


@pytest.mark.parametrize("outfits", [1, 2, 5])
def test_equals_the_equations(outfits):
    torch.manual_seed(outfits)
    views = torch.randn(2 * outfits, 7, dtype=torch.float64)
    assert contrastive(views, TAU).item() == pytest.approx(equations_17_and_18(views), rel=1e-9, abs=1e-12)


def test_gradient():
    torch.manual_seed(0)
    views = torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: contrastive(v, TAU), views)


def test_a_single_outfit_teaches_nothing():
    views = torch.randn(2, 4, requires_grad=True)
    loss = contrastive(views, TAU)
    loss.backward()
    assert loss.item() == 0
    assert not views.grad.any()


def test_the_length_of_a_view_does_not_count():
    torch.manual_seed(0)
    views = torch.randn(6, 4)
    lengths = torch.tensor([1e-3, 1.0, 5.0, 1e3, 0.1, 2.0])[:, None]
    torch.testing.assert_close(contrastive(views * lengths, TAU), contrastive(views, TAU))


def test_computed_in_float32_inside_autocast():
    torch.manual_seed(0)
    views = torch.randn(8, 16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = contrastive(views, TAU)
    torch.testing.assert_close(loss, contrastive(views.double(), TAU).float())


@pytest.mark.parametrize("shape", [(3, 4), (0, 4), (4,)])
def test_views_come_in_pairs(shape):
    with pytest.raises(InputError, match=r"views: found shape .*, expected \(2N, d\)"):
        contrastive(torch.zeros(shape), TAU)
