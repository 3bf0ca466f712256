"""LPAE's loss against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.models import create_model
from outfitbench.training.objectives import OBJECTIVES
from outfitbench.training.objectives.lpae_loss import all_pairs, log_det


def test_every_positive_stands_against_every_negative_of_its_own_user() -> None:
    generator = np.random.default_rng(0)
    positive, negative = generator.normal(size=5), generator.normal(size=(5, 5))
    expected = np.mean(
        [np.log1p(np.exp(-(positive[i] - negative[j, j]) / 0.5)) for i in range(5) for j in range(5)]
    )
    found = all_pairs(torch.from_numpy(positive), torch.from_numpy(negative), 0.5)
    assert found.item() == pytest.approx(expected, rel=1e-9)
    scores = tuple(torch.from_numpy(values).requires_grad_(True) for values in (positive, negative))
    assert torch.autograd.gradcheck(lambda *scores: all_pairs(*scores, 0.5), scores)


def test_a_negative_that_is_masked_has_no_loss_and_no_gradient() -> None:
    positive, negative = torch.zeros(2, requires_grad=True), torch.zeros(2, 2)
    negative[1, 1] = -torch.inf
    loss = all_pairs(positive, negative, 1.0)
    assert loss.item() == pytest.approx(np.log(2) / 2)
    assert torch.autograd.grad(loss, positive)[0].tolist() == pytest.approx([-0.125, -0.125])


def test_scores_that_are_not_square_are_refused() -> None:
    with pytest.raises(InputError, match="expected square"):
        all_pairs(torch.zeros(2), torch.zeros(2, 3), 0.1)


def test_the_regulariser_is_the_trace_minus_the_log_determinant() -> None:
    anchors = np.random.default_rng(1).normal(size=(3, 4, 6))
    products = [own @ own.T for own in anchors]
    expected = np.mean([np.trace(g) - np.log(np.prod(np.linalg.eigvalsh(g))) for g in products])
    given = torch.from_numpy(anchors).requires_grad_(True)
    assert log_det(given).item() == pytest.approx(expected, rel=1e-9)
    assert torch.autograd.gradcheck(log_det, (given,))
    loss = log_det(given)
    by_formula = [2 * (own - np.linalg.inv(g) @ own) / 3 for own, g in zip(anchors, products, strict=True)]
    np.testing.assert_allclose(torch.autograd.grad(loss, given)[0].numpy(), by_formula, rtol=1e-9)


def test_in_half_precision_the_regulariser_is_computed_in_full() -> None:
    anchors = torch.randn(2, 32, 128, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16):
        rough = log_det(anchors)
    torch.testing.assert_close(rough, log_det(anchors))


def test_a_model_without_anchors_is_refused_in_one_line() -> None:
    entry = OBJECTIVES.entry("lpae")
    with pytest.raises(InputError, match="objective lpae: found model PaperNetwork") as caught:
        entry.value(entry.options(), create_model("student-xs", num_users=2))
    assert "\n" not in str(caught.value)
