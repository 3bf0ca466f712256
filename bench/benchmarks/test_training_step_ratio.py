"""A training step of the XS student against the bare forward, backward and optimizer step of its network."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
import torch
from outfitbench.core.machine import describe_machine
from outfitbench.datasets import load_dataset
from outfitbench.evaluation.item_inputs import ItemInputs, as_float
from outfitbench.models import create_model
from outfitbench.suites.describing import create_objectives
from outfitbench.training.batches import BatchDraws, draw_epoch, load_batches
from outfitbench.training.image_augmentation import flip_and_shift
from outfitbench.training.method import Method
from outfitbench.training.objectives.objective import Outfits
from outfitbench.training.optimizer import create_optimizer
from outfitbench.training.step import TrainingStep
from torch import nn
from torch.nn import functional

from .ratios import report_ratio

ROUNDS = 30


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_step_costs_little_more_than_the_bare_network(benchmark, precision):
    if precision == "bf16" and "avx512_bf16" not in describe_machine().cpu_flags:
        pytest.skip("this processor does not compute in bf16")
    dataset = load_dataset("closet-24")
    method = Method(name="n-pair-xs", model="student-xs", objective="n-pair")
    recipe, inputs = method.recipe, ItemInputs(dataset, method.image_size)
    positives, negatives = draw_epoch(dataset, "random", seed=0, epoch=1)

    def batches():
        look = functools.partial(flip_and_shift, generator=np.random.default_rng(0))
        draws = BatchDraws(images=look if recipe.augment else None)
        return load_batches(dataset, inputs, positives, negatives, recipe.batch_size, draws)

    torch.manual_seed(0)
    model = create_model(method.model, num_users=dataset.num_users).train()
    step = TrainingStep(model, create_objectives(method, model))
    optimizer = create_optimizer(recipe, step)
    read_while_training = batches()
    read_before = itertools.cycle(list(itertools.islice(batches(), ROUNDS)))

    def whole_step():
        batch = next(read_while_training)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            loss, _ = step(batch)
        loss.backward()
        nn.utils.clip_grad_norm_(step.parameters(), recipe.clip_norm)
        optimizer.step()
        optimizer.zero_grad()

    def bare_step():
        """From images to scores and back: no objective, reading, augmentation, clipping or bookkeeping."""
        batch = next(read_before)
        outfits = Outfits.joined(batch.positives, batch.negatives)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            features = model.encode_items(as_float(batch.inputs), batch.item_categories)
            worn = functional.embedding(outfits.rows, features)
            scores = model.score_matrix(batch.users, worn, outfits.categories)
        scores.backward(torch.ones_like(scores))
        optimizer.step()
        optimizer.zero_grad()

    benchmark.pedantic(whole_step, rounds=10, warmup_rounds=3)
    report_ratio(benchmark, whole_step, bare_step, rounds=ROUNDS, most=1.15)
    read_while_training.close()
