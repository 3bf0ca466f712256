"""Every method that comes with the package: a training step on items known by vectors, in both precisions."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pytest
import torch
from outfitbench.datasets import NO_ITEM, Dataset, OutfitTable
from outfitbench.datasets.outfit_hash import PostedOutfits
from outfitbench.evaluation.item_inputs import ItemInputs
from outfitbench.suites.describing import create_objectives
from outfitbench.suites.method_tables import load_methods
from outfitbench.suites.plan import recombination_of, view_pairs_of
from outfitbench.training.batches import Batch, BatchDraws, draw_epoch, load_batches
from outfitbench.training.method import Method
from outfitbench.training.network import bare_model
from outfitbench.training.objectives.objective import FitContext
from outfitbench.training.recombination import Recombiner
from outfitbench.training.step import TrainingStep
from outfitbench.training.teacher import Teacher

from ..datasets.wardrobes import wardrobe

METHODS = load_methods()
PAIRS, RECOMBINED = 16, 40


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Three users' outfits of three items; every third lacks its shoes, and every third its top."""
    whole = wardrobe(tmp_path_factory.mktemp("cache"), width=24)
    train = whole.split("train")
    items = train.items.copy()
    items[::3, 2] = items[1::3, 0] = NO_ITEM
    return replace(whole, tables={**whole.tables, "train": OutfitTable(train.users, items)})


@pytest.fixture(scope="module")
def taught_by(dataset: Dataset) -> Teacher:
    """A teacher that has learned: its users point at the outfits they posted."""
    torch.manual_seed(0)
    model = bare_model(METHODS["n-pair-xs"], dataset).eval()
    train, inputs = dataset.split("train"), ItemInputs(dataset, 64)
    with torch.no_grad():
        features = model.encode_items(*inputs(np.arange(dataset.num_items)))
        worn = features[torch.from_numpy(train.items.astype(np.int64))]
        outfits = model.embed_outfits(worn, torch.from_numpy(dataset.categories_of(train.items)))
        outfits = outfits - outfits.mean(0)
        for user in range(dataset.num_users):
            model.users.weight[user] = outfits[torch.from_numpy(train.users == user)].mean(0)
    return Teacher(model, dataset, inputs, "hard", batch_size=PAIRS)


def with_few_recombined(method: Method) -> Method:
    few = {"recombined": RECOMBINED}
    tables = {
        name: {**own, **(few if "recombined" in own else {})} for name, own in method.objectives.items()
    }
    return method.model_copy(update={"objective": tables})


def batch_of(method: Method, dataset: Dataset) -> Batch:
    """The first batch of an epoch, with what the method's objectives ask for."""
    train, generator = dataset.split("train"), np.random.default_rng(0)
    pairs, recombination, recombine = view_pairs_of(method), recombination_of(method), None
    if recombination is not None:
        recombiner = Recombiner(train, dataset.item_category, *recombination)
        recombine = functools.partial(recombiner.draw, generator=generator)
    ids = np.arange(dataset.num_items, dtype=np.int32)
    draws = BatchDraws(
        posted=PostedOutfits(train),
        views=generator if pairs else None,
        view_pairs=pairs,
        neighbours=(ids // 30 * 30 + (ids + 1) % 30)[:, None],  # the next of the 30 of its category
        recombine=recombine,
    )
    positives, negatives = (table.take(slice(PAIRS)) for table in draw_epoch(dataset, "hard", 0, 1))
    return next(load_batches(dataset, ItemInputs(dataset, 64), positives, negatives, PAIRS, draws))


@pytest.mark.parametrize("half", [False, True], ids=["fp32", "bf16"])
@pytest.mark.parametrize("key", METHODS)
def test_a_step_on_vectors_of_outfits_of_any_size_teaches_every_parameter(
    key: str, half: bool, dataset: Dataset, taught_by: Teacher
) -> None:
    torch.manual_seed(0)
    method = with_few_recombined(METHODS[key])
    model = bare_model(method, dataset)
    parts = create_objectives(method, model)
    teacher = taught_by if method.teacher else None
    for _, part in parts.values():
        part.begin(FitContext(dataset, teacher))
    step = TrainingStep(model, parts, teacher)
    seen = batch_of(method, dataset)
    assert set((seen.positives.categories >= 0).sum(1).tolist()) == {2, 3}
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        loss, named = step(seen)
    loss.backward()
    assert {name for name, told in named.items() if not told.isfinite()} == set()
    assert loss.isfinite()
    assert {path for path, weights in step.named_parameters() if weights.grad is None} == set()
    gradients = {path: weights.grad for path, weights in step.named_parameters()}
    assert {path for path, gradient in gradients.items() if not gradient.isfinite().all()} == set()
    # What is added to all keys alike changes no softmax.
    idle = {path for path, gradient in gradients.items() if not gradient.any()}
    assert {path for path in idle if not path.endswith("key.bias")} == set()
