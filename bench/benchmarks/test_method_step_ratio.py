"""A training step of other methods against N-pair's, at the same backbone and on the same outfits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from outfitbench.datasets import load_dataset
from outfitbench.evaluation.item_inputs import ItemInputs
from outfitbench.models import create_model
from outfitbench.suites.describing import create_objectives
from outfitbench.suites.plan import augmentations_of
from outfitbench.suites.suite_file import load_suite
from outfitbench.training.batches import BatchDraws, draw_epoch, load_batches
from outfitbench.training.optimizer import create_optimizer
from outfitbench.training.step import TrainingStep

from .ratios import report_ratio

ROUNDS = 20


def step_of(key, dataset):
    """A call that takes one training step of a method on batches read before."""
    method = load_suite("methods").methods[key]
    views = augmentations_of(method)
    positives, negatives = draw_epoch(dataset, "random", seed=0, epoch=1)
    # Which items are alike does not change what a step costs: neighbours are drawn within a category.
    by_category = [np.flatnonzero(dataset.item_category == c) for c in range(len(dataset.categories))]
    drawn = np.random.default_rng(0)
    neighbours = np.stack([drawn.choice(by_category[c], 10) for c in dataset.item_category]).astype(np.int32)
    draws = BatchDraws(
        views=np.random.default_rng(0) if views else None, augmentations=views, neighbours=neighbours
    )
    inputs = ItemInputs(dataset, method.image_size)
    loaded = load_batches(dataset, inputs, positives, negatives, method.recipe.batch_size, draws)
    batches = itertools.cycle(list(itertools.islice(loaded, 10)))
    loaded.close()
    torch.manual_seed(0)
    model = create_model(method.model, num_users=dataset.num_users).train()
    step = TrainingStep(model, create_objectives(method, model))
    optimizer = create_optimizer(method.recipe, step)

    def take():
        loss, _ = step(next(batches))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    return take


@pytest.mark.parametrize(("key", "most"), [("cl-xs", 3.0), ("type-aware", 1.5)])
def test_a_step_costs_at_most_a_multiple_of_n_pairs(benchmark, key, most):
    dataset = load_dataset("closet-24")
    other, n_pair = step_of(key, dataset), step_of("n-pair-xs", dataset)
    benchmark.pedantic(other, rounds=5, warmup_rounds=2)
    report_ratio(benchmark, other, n_pair, rounds=ROUNDS, most=most)
