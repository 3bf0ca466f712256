"""Recombined outfits: of the items of a step, of nobody, by the categories of the positives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.datasets import Dataset, OutfitTable, load_dataset
from outfitbench.evaluation.item_inputs import ItemInputs
from outfitbench.training.batches import Batch, BatchDraws, draw_epoch, load_batches
from outfitbench.training.recombination import Recombiner, check_recombined


@pytest.fixture(scope="module", params=["closet-12", "closet-10v"])
def dataset(request: pytest.FixtureRequest, small_closet_10v: Path) -> Dataset:
    return load_dataset(request.param, cache=small_closet_10v if request.param == "closet-10v" else None)


def batches(dataset: Dataset, recombined: int, seed: int = 0, exchanged: float = 0.0) -> list[Batch]:
    positives, negatives = draw_epoch(dataset, "hard", seed=0, epoch=1)
    recombine = None
    if recombined:
        recombiner = Recombiner(dataset.split("train"), dataset.item_category, recombined, exchanged)
        generator = np.random.default_rng(seed)

        def recombine(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
            return recombiner.draw(ours, theirs, generator)

    draws = BatchDraws(recombine=recombine)
    first = slice(100)
    inputs = ItemInputs(dataset, 64)
    return list(load_batches(dataset, inputs, positives.take(first), negatives.take(first), 32, draws))


@pytest.mark.parametrize("exchanged", [0.0, 0.25])
def test_recombined_outfits_are_new_ones_of_the_batchs_items(dataset: Dataset, exchanged: float) -> None:
    posted = {frozenset(outfit) - {-1} for outfit in dataset.split("train").items.tolist()}
    drawn = batches(dataset, 200, exchanged=exchanged)
    for batch, plain in zip(drawn, batches(dataset, 0), strict=True):
        assert batch.recombined is not None
        assert torch.equal(batch.inputs, plain.inputs), "no image more is encoded"
        items = batch.recombined.items
        assert items is not None
        assert items.shape == (200, dataset.split("train").items.shape[1])
        worn = set(batch.positives.items.ravel()) | set(batch.negatives.items.ravel())
        compositions = {tuple(kinds) for kinds in batch.positives.categories.tolist()}
        for outfit, kinds in zip(items.tolist(), batch.recombined.categories.tolist(), strict=True):
            held = [item for item in outfit if item >= 0]
            assert set(held) <= worn
            assert len(set(held)) == len(held)
            assert frozenset(held) not in posted
            assert tuple(kinds) in compositions
            assert kinds == [-1 if item < 0 else dataset.item_category[item] for item in outfit]
        apart = (items[:, None] != batch.positives.items[None]).sum(2).min(1)
        assert (apart[: round(200 * exchanged)] == 1).all()
        assert (apart[50:] > 1).any()
        filled = batch.recombined.categories >= 0
        images = batch.inputs[batch.recombined.rows[filled]].permute(0, 2, 3, 1).numpy()
        np.testing.assert_array_equal(images, dataset.images(items[items >= 0], 64))


def test_recombining_is_a_function_of_its_seed(dataset: Dataset) -> None:
    one, again, other = (
        [batch.recombined.items for batch in batches(dataset, 50, seed)] for seed in (3, 3, 4)
    )
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_slots_and_compositions_are_drawn_uniformly() -> None:
    """Eight outfits can be made of two items a slot; the two posted ones are not among them."""
    batch = np.int32([[0, 2, 4], [1, 3, 5]])
    recombiner = Recombiner(OutfitTable(np.int32([0, 1]), batch), np.int8([0, 0, 1, 1, 2, 2]), 6000)
    drawn = recombiner.draw(batch, batch, np.random.default_rng(0))
    outfits, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(outfits) == 6
    assert counts.min() > 880
    assert counts.max() < 1120


def test_every_item_of_a_positive_is_exchanged_alike() -> None:
    """Each of the three items has one other of its category to be exchanged for."""
    batch = np.int32([[0, 2, 4], [1, 3, 5]])
    posted = OutfitTable(np.int32([0, 1]), batch)
    recombiner = Recombiner(posted, np.int8([0, 0, 1, 1, 2, 2]), 6000, exchanged=0.5)
    drawn = recombiner.draw(batch[:1], batch, np.random.default_rng(0))[:3000]
    outfits, counts = np.unique(drawn, axis=0, return_counts=True)
    assert outfits.tolist() == [[0, 2, 5], [0, 3, 4], [1, 2, 4]]
    assert counts.min() > 900


def test_where_all_was_posted_it_gives_up() -> None:
    batch = np.int32([[0, 1]])
    recombiner = Recombiner(OutfitTable(np.int32([0]), batch), np.int8([0, 1]), 10)
    assert recombiner.draw(batch, batch, np.random.default_rng(0)).shape == (0, 2)


def test_more_than_the_items_of_a_step_can_make_is_refused() -> None:
    dataset = load_dataset("closet-12")
    check_recombined(64, dataset, 2, "here")  # four items a slot: 4 × 4 × 4
    with pytest.raises(InputError, match="here: found 65 outfits, expected at most 64, all that the items"):
        check_recombined(65, dataset, 2, "here")
    worn = np.bincount(dataset.item_category[dataset.split("train").distinct_items])
    check_recombined(int(np.prod(worn)), dataset, 10_000, "here")
    with pytest.raises(InputError, match="expected at most"):
        check_recombined(int(np.prod(worn)) + 1, dataset, 10_000, "here")
