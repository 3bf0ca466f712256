"""The contrastive loss against Eq. 17 and 18, written as loops."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.training.objectives import contrastive
from outfitbench.training.objectives.contrastive_loss import Contrastive, ContrastiveOptions
from pydantic import ValidationError
from torch import nn

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


class Encoder(nn.Module):
    """What the objective has to know of a model."""

    has_outfit_vectors = True

    def __init__(self, width: int) -> None:
        super().__init__()
        self.feature_size = width
        self.layer = nn.Linear(5, width)


@dataclass
class Step:
    """What the objective has to know of a step."""

    view_vectors: torch.Tensor


def test_gradient_into_the_projection_and_the_network():
    """Of the registered part, against the equations' own slope along a step in each weight."""
    torch.manual_seed(0)
    encoder = Encoder(6).double()
    options = ContrastiveOptions(temperature=TAU)
    objective = Contrastive(options, encoder).double()
    outfits = torch.randn(6, 5, dtype=torch.float64)
    (loss,) = objective(Step(encoder.layer(outfits))).values()
    loss.backward()

    def by_the_equations():
        with torch.no_grad():
            return equations_17_and_18(objective.projection(encoder.layer(outfits)))

    assert loss.item() == pytest.approx(by_the_equations(), rel=1e-9)
    weights = [*objective.parameters(), *encoder.parameters()]
    assert len(weights) == 6
    for weight in weights:
        assert weight.grad is not None
        for place in range(0, weight.numel(), 7):
            flat, slope = weight.data.view(-1), weight.grad.view(-1)[place].item()
            flat[place] += 1e-6
            above = by_the_equations()
            flat[place] -= 2e-6
            below = by_the_equations()
            flat[place] += 1e-6
            assert slope == pytest.approx((above - below) / 2e-6, rel=1e-5, abs=1e-8)


def test_the_projection_has_the_papers_size():
    projection = Contrastive(ContrastiveOptions(), Encoder(128)).projection
    assert sum(weight.numel() for weight in projection.parameters()) == 33_024


@pytest.mark.parametrize("views", [[0], [1], [0, 1]])
def test_views_are_pulled_to_their_partners_and_pushed_from_the_others(views):
    """A step against the gradient brings partners nearer and lowers the loss."""
    torch.manual_seed(3)
    vectors = torch.randn(8, 5, dtype=torch.float64, requires_grad=True)
    before = contrastive(vectors, TAU)
    before.backward()
    moved = vectors.detach().clone()
    for view in views:
        moved[view::2] -= 1e-3 * vectors.grad[view::2]
    assert contrastive(moved, TAU) < before


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


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 0},
        {"weight": float("nan")},
        {"augmentations": ["identity"]},
        {"augmentations": ["erase", "erase"]},
        {"augmentations": []},
        {"projection": 64},
    ],
)
def test_options_that_cannot_be(options):
    with pytest.raises(ValidationError):
        ContrastiveOptions(**options)


@pytest.mark.parametrize("shape", [(3, 4), (0, 4), (4,)])
def test_views_come_in_pairs(shape):
    with pytest.raises(InputError, match=r"views: found shape .*, expected \(2N, d\)"):
        contrastive(torch.zeros(shape), TAU)
