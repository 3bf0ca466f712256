"""The learning rate against values worked out by hand."""

from __future__ import annotations

import pytest
from outfitbench.training.method import Recipe
from outfitbench.training.schedule import best_epoch, epochs_without_gain, learning_rate


def test_rate_rises_linearly_over_the_warm_up() -> None:
    recipe = Recipe(epochs=10, learning_rate=0.1, warmup=0.1, schedule="constant")
    rates = [learning_rate(recipe, step, 10, []) for step in range(12)]
    assert rates == pytest.approx([0.01 * k for k in range(1, 11)] + [0.1, 0.1])


def test_rate_grows_with_the_batch() -> None:
    small = Recipe(learning_rate=0.1, warmup=0, batch_size=32)
    large = small.model_copy(update={"batch_size": 128})
    assert learning_rate(large, 0, 10, []) == pytest.approx(4 * learning_rate(small, 0, 10, []))


def test_cosine_is_half_at_half_time_and_nearly_nothing_at_the_end() -> None:
    recipe = Recipe(epochs=4, learning_rate=1.0, warmup=0, schedule="cosine")
    assert learning_rate(recipe, 0, 25, []) == pytest.approx(1.0)
    assert learning_rate(recipe, 50, 25, []) == pytest.approx(0.5)
    assert learning_rate(recipe, 99, 25, []) < 0.001


@pytest.mark.parametrize(
    ("valid_auc", "halvings"),
    [
        ([], 0),
        ([0.5, 0.6, 0.7], 0),
        ([0.7, 0.6], 0),
        ([0.7, 0.6, 0.7], 1),  # equal is no gain
        ([0.3, 0.2, 0.1 + 0.2], 1),  # nor is what is more by rounding
        ([0.7, 0.6, 0.6, 0.6, 0.6], 2),
        ([0.7, 0.6, 0.6, 0.8, 0.7], 1),
    ],
)
def test_plateau_halves_after_its_patience(valid_auc: list[float], halvings: int) -> None:
    recipe = Recipe(learning_rate=1.0, warmup=0, schedule="plateau", plateau_patience=2)
    assert learning_rate(recipe, 100, 10, valid_auc) == 0.5**halvings


def test_epochs_without_gain_counts_from_the_first_best() -> None:
    assert epochs_without_gain([]) == 0
    assert epochs_without_gain([0.9]) == 0
    assert epochs_without_gain([0.9, 0.9, 0.8]) == 2


def test_the_best_epoch_is_the_first_of_those_that_are_equal_but_for_rounding() -> None:
    assert [best_epoch(values) for values in ([0.3], [0.3, 0.4, 0.4], [0.2, 0.3, 0.1 + 0.2])] == [1, 2, 2]
    assert epochs_without_gain([0.2, 0.3, 0.1 + 0.2]) == 1
