"""The teacher's word on negatives, by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from outfitbench.training.errors import TrainingError
from outfitbench.training.history import Distillation
from outfitbench.training.objectives import collapse_warning, false_negativeness, teacher_gap
from outfitbench.training.objectives.distillation import all_ones_loss, softmax_mass


def test_false_negativeness_of_each_user_and_negative():
    d = false_negativeness(torch.tensor([0.5, 0.1]), torch.tensor([[0.1, 0.7], [0.1, -0.3]]), alpha=2.5)
    torch.testing.assert_close(d, torch.tensor([[1.0, -0.5], [0.0, 1.0]]))


def test_an_alpha_of_one_over_the_gap_makes_d_one_on_average():
    rng = np.random.default_rng(0)
    positive, negative = rng.normal(0.6, 0.1, size=50), rng.normal(0.2, 0.1, size=(50, 50))
    means = np.full(50, positive.mean())
    d = false_negativeness(
        torch.from_numpy(means), torch.from_numpy(negative), alpha=1 / teacher_gap(positive, negative)
    )
    assert d.mean().item() == pytest.approx(1)


@pytest.mark.parametrize("positive", [0.2, 0.1, np.nan])
def test_a_teacher_that_learned_nothing(positive):
    with pytest.raises(TrainingError, match="the teacher hardly scores positives above random negatives"):
        teacher_gap(np.array([positive]), np.array([0.2]))


@pytest.mark.parametrize("alpha", [0.5, 1.25])
def test_the_loss_at_all_ones_is_fnds_of_such_scores(alpha):
    rng = np.random.default_rng(0)
    d = alpha * rng.normal(0.75, 0.2, size=(20, 32))
    d[3, 5] = -np.inf  # an outfit that the user posted
    expected = np.log1p(np.exp((d - 1) / 0.1).sum(1)).mean()
    assert all_ones_loss(torch.from_numpy(d), 0.1) == pytest.approx(expected)


def test_it_rises_with_alpha_as_it_was_found_to():
    """Over d that is normal with the mean of that teacher's gap; 32 negatives, τ = 0.1."""
    distance = np.random.default_rng(0).normal(0.757, 0.15, size=(2000, 32))
    found = [all_ones_loss(torch.from_numpy(a * distance), 0.1) for a in (0.5, 0.75, 1.0, 1.25, 1.5)]
    np.testing.assert_allclose(found, [0.08, 0.59, 2.16, 4.37, 6.74], rtol=0.1)
    told = [
        Distillation(
            gap=0.757, alpha=1.0, mean_d=0.9, all_ones_loss=x, chance_loss=np.log(33), false_negative_share=0
        )
        for x in found
    ]
    assert [collapse_warning(one) is None for one in told] == [False, False, False, True, True]


def test_the_warning_says_what_to_do():
    told = {"gap": 0.4, "alpha": 1.25, "false_negative_share": 0.1, "chance_loss": 3.5}
    low = Distillation(**told, mean_d=0.5, all_ones_loss=0.2)
    assert collapse_warning(low) == (
        "FND may collapse: with all scores at 1 its loss is 0.20, below chance (3.50); raise alpha (1.25)"
    )
    assert "train it longer" in collapse_warning(Distillation(**told, mean_d=-0.1, all_ones_loss=0.0))
    assert collapse_warning(Distillation(**told, mean_d=0.9, all_ones_loss=3.6)) is None, (
        "mean d is no matter"
    )


def test_the_mass_that_n_pair_puts_on_the_liked():
    rng = np.random.default_rng(0)
    positive, negative = rng.normal(0.6, 0.1, size=6), rng.normal(0.1, 0.3, size=(6, 4))
    liked = rng.random((6, 4)) < 0.3
    negative[0, 0] = -np.inf
    share = np.exp(np.column_stack([positive, negative]) / 0.1)
    share = (share / share.sum(1, keepdims=True))[:, 1:]  # the gradient at each negative (Eq. 10), but for τ
    found = softmax_mass(*map(torch.from_numpy, (positive, negative, liked)), 0.1)
    assert found == pytest.approx(share[liked].sum() / share.sum())
