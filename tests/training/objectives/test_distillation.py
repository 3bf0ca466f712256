"""The teacher's word on negatives, by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from outfitbench.training.errors import TrainingError
from outfitbench.training.objectives import collapse_warning, false_negativeness, teacher_gap


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


def test_the_warning_says_which_alpha_would_do():
    assert "the mean of d is 0.51, below 1; raise alpha from 1.25 to 2.44" in collapse_warning(
        1.25 * 0.41, alpha=1.25
    )
    assert collapse_warning(1.0, alpha=2.44) is None
    assert collapse_warning(0.99, alpha=2.44) is None, "an estimate is never 1 exactly"
    assert "train it longer" in collapse_warning(-0.1, alpha=2.44)
