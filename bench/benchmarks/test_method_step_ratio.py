"""A training step of other methods against N-pair's, at the same backbone and on the same outfits."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
import torch
from outfitbench.bench.engines.torch_engine import one_thread
from outfitbench.datasets import load_dataset
from outfitbench.evaluation.frozen import convolutions_of
from outfitbench.evaluation.item_inputs import ItemInputs
from outfitbench.evaluation.scoring import FeatureTable
from outfitbench.models import create_model
from outfitbench.suites.describing import create_objectives
from outfitbench.suites.method_tables import load_methods
from outfitbench.suites.plan import needs_of, recombination_of, view_pairs_of
from outfitbench.suites.suite_file import load_suite
from outfitbench.training.batches import BatchDraws, draw_epoch, load_batches
from outfitbench.training.history import Distillation
from outfitbench.training.objectives.objective import FitContext
from outfitbench.training.optimizer import create_optimizer
from outfitbench.training.recombination import Recombiner
from outfitbench.training.step import TrainingStep
from outfitbench.training.teacher import Teacher

from .ratios import report_ratio

ROUNDS = 20


class UntrainedTeacher(Teacher):
    """What the true one says costs no less; but that one refuses a model which has learned nothing."""

    def __init__(self, dataset):
        ids, size = np.arange(dataset.num_items), 128
        self._model = create_model("teacher", num_users=dataset.num_users).eval().requires_grad_(False)
        self._table = FeatureTable(ids, torch.randn(len(ids), size), len(ids))
        self._dataset, self._negatives, self._device = dataset, "random", self._table.features.device
        self._asked = {"train": torch.zeros(dataset.num_users)}
        self.feature_size = size

    def gap(self, over="train"):
        return 0.5

    def describe(self, *arguments):
        return Distillation(gap=0.5, false_negative_share=0.0)


def method_of(key, folder):
    suite = folder / "suite.toml"
    suite.write_text(f'title = "{key}"\ndatasets = ["closet-24"]\nmethods = ["{key}"]\n')
    return load_suite(suite).methods[key]


def step_of(method, dataset, *, from_a_stem=False):
    """A call that takes one training step of a method on batches read before.

    From a stem its frozen convolutions are left out: fits read their maps, whose values change no cost.
    """
    views = view_pairs_of(method)
    positives, negatives = draw_epoch(dataset, "random", seed=0, epoch=1)
    # Which items are alike does not change what a step costs: neighbours are drawn within a category.
    by_category = [np.flatnonzero(dataset.item_category == c) for c in range(len(dataset.categories))]
    drawn = np.random.default_rng(0)
    neighbours = np.stack([drawn.choice(by_category[c], 10) for c in dataset.item_category]).astype(np.int32)
    recombine = None
    if (recombination := recombination_of(method)) is not None:
        recombiner = Recombiner(dataset.split("train"), dataset.item_category, *recombination)
        recombine = functools.partial(recombiner.draw, generator=np.random.default_rng(0))
    draws = BatchDraws(
        views=np.random.default_rng(0) if views else None,
        view_pairs=views,
        neighbours=neighbours,
        recombine=recombine,
    )
    torch.manual_seed(0)
    model, maps = create_model(method.model, num_users=dataset.num_users).train(), None
    if from_a_stem:
        convolutions, model.backbone = convolutions_of(model).cut(method.image_size)
        wide = convolutions(torch.zeros(1, 3, method.image_size, method.image_size)).shape[1]
        maps = np.random.default_rng(0).random((dataset.num_items, wide), dtype=np.float32)
    inputs = ItemInputs(dataset, method.image_size, vectors=maps)
    loaded = load_batches(dataset, inputs, positives, negatives, method.recipe.batch_size, draws)
    batches = itertools.cycle(list(itertools.islice(loaded, 10)))
    loaded.close()
    teacher = UntrainedTeacher(dataset) if "teacher" in needs_of(method) else None
    objectives = create_objectives(method, model)
    for _, objective in objectives.values():
        objective.begin(FitContext(dataset, teacher))
    step = TrainingStep(model, objectives, teacher)
    optimizer = create_optimizer(method.recipe, step)

    def take():
        loss, _ = step(next(batches))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    return take


MOST = {
    "fnd-xs": 1.3,
    "fnd-xs-paper": 1.3,
    "cl-xs": 3.0,
    "fnd-cl-xs": 3.0,
    "n-pair-r-xs": 1.35,
    "recd-xs": 1.35,
    "n-pair-recd-xs": 1.35,
}
"""By method; 1.5 for any other."""

OF_A_LARGER_BACKBONE = ("teacher", "student-s", "student-m")
AT_THE_BACKBONE = [
    key
    for key, method in load_methods().items()
    if method.model not in OF_A_LARGER_BACKBONE and key != "n-pair-xs"
]


@pytest.mark.parametrize("key", AT_THE_BACKBONE)
def test_a_step_costs_at_most_a_multiple_of_n_pairs(benchmark, key, tmp_path):
    dataset = load_dataset("closet-24")
    other, n_pair = (step_of(method_of(name, tmp_path), dataset) for name in (key, "n-pair-xs"))
    benchmark.pedantic(other, rounds=5, warmup_rounds=2)
    report_ratio(benchmark, other, n_pair, rounds=ROUNDS, most=MOST.get(key, 1.5))


@pytest.mark.parametrize("key", ["recd-xs", "n-pair-recd-xs"])
def test_a_step_from_a_stem_costs_at_most_a_multiple_of_n_pairs(benchmark, key, tmp_path):
    dataset = load_dataset("closet-60")
    other, n_pair = (
        step_of(method_of(name, tmp_path), dataset, from_a_stem=True) for name in (key, "n-pair-xs")
    )
    with one_thread():  # as fits on maps choose
        benchmark.pedantic(other, rounds=5, warmup_rounds=2)
        report_ratio(benchmark, other, n_pair, rounds=10 * ROUNDS, most=MOST[key])
