"""Batches: every outfit can be read back from its rows, every item stands in them once."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from outfitbench.datasets import Dataset, load_dataset
from outfitbench.datasets.outfit_hash import PostedOutfits
from outfitbench.evaluation.item_inputs import ItemInputs, as_float
from outfitbench.training.augmentations import every_pair
from outfitbench.training.batches import Batch, BatchDraws, draw_epoch, load_batches
from outfitbench.training.image_augmentation import flip_and_shift


@pytest.fixture(scope="module", params=["closet-12", "closet-10v"])
def dataset(request: pytest.FixtureRequest, small_closet_10v: Path) -> Dataset:
    return load_dataset(request.param, cache=small_closet_10v if request.param == "closet-10v" else None)


def batches_of(dataset: Dataset, size: int, setting: str = "random") -> list[Batch]:
    positives, negatives = draw_epoch(dataset, setting, seed=0, epoch=1)
    posted = PostedOutfits(dataset.split("train")) if setting == "hard" else None
    draws = BatchDraws(posted=posted)
    return list(load_batches(dataset, ItemInputs(dataset, 64), positives, negatives, size, draws))


def test_outfits_are_read_back_from_rows(dataset: Dataset) -> None:
    positives, _ = draw_epoch(dataset, "random", seed=0, epoch=1)
    start = 0
    for batch in batches_of(dataset, 32):
        count = len(batch.users)
        worn = positives.take(slice(start, start + count))
        assert batch.users.tolist() == worn.users.tolist()
        for outfit, rows, categories in zip(
            worn.items, batch.positives.rows, batch.positives.categories, strict=True
        ):
            assert (categories.numpy() >= 0).tolist() == (outfit >= 0).tolist()
            images = batch.inputs[rows[categories >= 0]].permute(0, 2, 3, 1).numpy()
            np.testing.assert_array_equal(images, dataset.images(outfit[outfit >= 0], 64))
        start += count
    assert start == len(positives)


def test_each_distinct_item_of_a_step_stands_once(dataset: Dataset) -> None:
    for batch in batches_of(dataset, 32):
        used = torch.cat([batch.positives.rows, batch.negatives.rows])
        filled = torch.cat([batch.positives.categories, batch.negatives.categories]) >= 0
        assert torch.unique(used[filled]).numel() == len(batch.inputs)
        assert torch.equal(
            batch.item_categories[used[filled]],
            torch.cat([batch.positives.categories, batch.negatives.categories])[filled],
        )


@pytest.mark.parametrize("size", [2, 7, 32, 10_000])
def test_the_last_batch_holds_the_rest(dataset: Dataset, size: int) -> None:
    total = len(dataset.split("train"))
    sizes = [len(batch.users) for batch in batches_of(dataset, size)]
    assert len(sizes) == math.ceil(total / size)
    assert sum(sizes) == total
    assert set(sizes[:-1]) <= {size}


def test_an_epoch_is_a_function_of_seed_and_number(dataset: Dataset) -> None:
    first, again = (draw_epoch(dataset, "random", seed=3, epoch=2) for _ in range(2))
    other = draw_epoch(dataset, "random", seed=3, epoch=3)
    np.testing.assert_array_equal(first[1].items, again[1].items)
    assert not np.array_equal(first[0].items, other[0].items)
    assert not np.array_equal(first[1].items, other[1].items)


def test_hard_training_takes_half_of_its_negatives_from_other_users(dataset: Dataset) -> None:
    train = dataset.split("train")
    posted = {frozenset(outfit) for outfit in train.items.tolist()}
    own = {(user, frozenset(o)) for user, o in zip(train.users.tolist(), train.items.tolist(), strict=True)}
    _, negatives = draw_epoch(dataset, "hard", seed=0, epoch=1)
    drawn = [
        (user, frozenset(o))
        for user, o in zip(negatives.users.tolist(), negatives.items.tolist(), strict=True)
    ]
    assert sum(outfit in posted for _, outfit in drawn) / len(drawn) == pytest.approx(0.5, abs=0.02)
    assert not own & set(drawn)


def test_an_outfit_of_a_rows_own_user_is_marked_among_the_shared_negatives(dataset: Dataset) -> None:
    train = dataset.split("train")
    own = {(user, frozenset(o)) for user, o in zip(train.users.tolist(), train.items.tolist(), strict=True)}
    marked = 0
    for batch in batches_of(dataset, 32, "hard"):
        negatives = [frozenset(outfit) for outfit in batch.negatives.items.tolist()]
        expected = [[(user, outfit) in own for outfit in negatives] for user in batch.users.tolist()]
        assert batch.posted is not None
        assert batch.posted.tolist() == expected
        assert not batch.posted.diagonal().any()
        marked += int(batch.posted.sum())
    assert marked > 0
    assert all(batch.posted is None for batch in batches_of(dataset, 32))


def test_views_are_read_back_from_rows_and_their_items_stand_once(dataset: Dataset) -> None:
    positives, negatives = draw_epoch(dataset, "random", seed=0, epoch=1)
    draws = BatchDraws(views=np.random.default_rng(5), view_pairs=every_pair(["identity", "erase"]))
    start = 0
    for batch in load_batches(dataset, ItemInputs(dataset, 64), positives, negatives, 32, draws):
        assert batch.views is not None
        count = len(batch.users)
        assert batch.views.rows.shape == (2 * count, positives.items.shape[1])
        filled = batch.views.categories >= 0
        worn = (positives.take(slice(start, start + count)).items >= 0).sum(1)
        sizes = filled.sum(1).reshape(count, 2).numpy()
        assert (sizes.sum(1) < 2 * worn).all(), "never the outfit itself twice"
        assert (sizes >= worn[:, None] - 1).all()
        assert torch.equal(batch.item_categories[batch.views.rows[filled]], batch.views.categories[filled])
        assert len(batch.inputs) == len(
            np.unique(
                np.concatenate(
                    [
                        batch.positives.rows[batch.positives.categories >= 0].numpy(),
                        batch.negatives.rows[batch.negatives.categories >= 0].numpy(),
                        batch.views.rows[filled].numpy(),
                    ]
                )
            )
        )
        start += count


def test_augmented_images_are_shifted_and_mirrored_originals() -> None:
    generator = np.random.default_rng(0)
    image = generator.integers(0, 256, (1, 32, 32, 3), dtype=np.uint8)
    middle = image[0, 4:28, 4:28]
    seen = flip_and_shift(np.repeat(image, 200, axis=0), generator)

    def holds_the_middle(candidate: np.ndarray) -> bool:
        return any(
            np.array_equal(candidate[dy : dy + 24, dx : dx + 24], middle)
            for dy in range(2, 7)
            for dx in range(2, 7)
        )

    straight = sum(holds_the_middle(candidate) for candidate in seen)
    mirrored = sum(holds_the_middle(candidate[:, ::-1]) for candidate in seen)
    assert straight + mirrored == 200
    assert 70 < mirrored < 130


def test_pixels_become_fractions_and_features_stay() -> None:
    pixels = torch.tensor([[0, 51, 255]], dtype=torch.uint8)
    torch.testing.assert_close(as_float(pixels), torch.tensor([[0.0, 0.2, 1.0]]))
    features = torch.tensor([[-3.0, 400.0]])
    assert as_float(features) is features
