"""The teacher's false-negativeness against Eq. 11 and 12 worked out outfit by outfit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from outfitbench.datasets import Dataset, load_dataset, sample_negatives
from outfitbench.evaluation.item_inputs import ItemInputs
from outfitbench.models import create_model
from outfitbench.models.outfit_model import OutfitModel
from outfitbench.training.errors import TrainingError
from outfitbench.training.objectives import false_negativeness
from outfitbench.training.teacher import Teacher


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset("closet-12")


@pytest.fixture(scope="module")
def model(dataset: Dataset) -> OutfitModel:
    """A teacher that has learned: its users point at the outfits they posted."""
    torch.manual_seed(0)
    model = create_model("student-xs", num_users=dataset.num_users).eval()
    train = dataset.split("train")
    with torch.no_grad():
        images = torch.from_numpy(dataset.images(np.arange(dataset.num_items), 64)).permute(0, 3, 1, 2)
        features = model.encode_items(images.float() / 255, torch.zeros(len(images), dtype=torch.int64))
        outfits = model.embed_outfits(
            features[torch.from_numpy(train.items.astype(np.int64))],
            torch.from_numpy(dataset.categories_of(train.items)),
        )
        outfits = outfits - outfits.mean(0)
        for user in range(dataset.num_users):
            model.users.weight[user] = outfits[torch.from_numpy(train.users == user)].mean(0)
    return model


def raw_scores(model: OutfitModel, dataset: Dataset, users: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Scores with every outfit encoded anew."""
    scores = []
    for user, outfit in zip(users, items, strict=True):
        images = torch.from_numpy(dataset.images(outfit, 64)).permute(0, 3, 1, 2).float() / 255
        categories = torch.from_numpy(dataset.categories_of(outfit))
        with torch.no_grad():
            features = model.encode_items(images, categories)
            scores.append(float(model.score(torch.tensor([user]), features[None], categories[None])))
    return np.array(scores)


def test_d_is_alpha_times_the_distance_to_the_mean_positive(model: OutfitModel, dataset: Dataset) -> None:
    teacher = Teacher(model, dataset, ItemInputs(dataset, 64), "random")
    train = dataset.split("train")
    users = np.array([0, 5, 11])
    negatives = sample_negatives(train, dataset.item_category, per_positive=1, seed=3).items[:3]
    asking = torch.from_numpy(users)
    scores = teacher.score_matrix(asking, negatives, torch.from_numpy(dataset.categories_of(negatives)))
    found = false_negativeness(teacher.positive_mean(asking), scores, 1.25)
    for row, user in enumerate(users):
        own = train.users == user
        mean = raw_scores(model, dataset, train.users[own], train.items[own]).mean()
        expected = 1.25 * (mean - raw_scores(model, dataset, np.repeat(user, 3), negatives))
        np.testing.assert_allclose(found[row].numpy(), expected, atol=1e-4)


def test_relative_alpha_makes_the_mean_of_d_alpha(model: OutfitModel, dataset: Dataset) -> None:
    teacher = Teacher(model, dataset, ItemInputs(dataset, 64), "random")
    told = teacher.describe(1.5 / teacher.gap)
    assert told.alpha_relative == pytest.approx(1.5)
    assert told.mean_d == pytest.approx(1.5, rel=0.1)


def test_shares_of_false_negatives_are_shares(model: OutfitModel, dataset: Dataset) -> None:
    teacher = Teacher(model, dataset, ItemInputs(dataset, 64), "random")
    told = teacher.describe(1.0 / teacher.gap)
    train = dataset.split("train")
    negatives = sample_negatives(train, dataset.item_category, per_positive=10, seed=1)
    assert dataset.hidden is not None
    liked = dataset.hidden.preference(train.users, train.items)
    truth = dataset.hidden.preference(negatives.users, negatives.items)
    mean = np.array([liked[train.users == user].mean() for user in range(dataset.num_users)])
    assert told.true_base_rate == pytest.approx(float((truth >= mean[negatives.users]).mean()))
    assert 0 < told.false_negative_share < 0.5


def test_the_teacher_is_frozen(model: OutfitModel, dataset: Dataset) -> None:
    Teacher(model, dataset, ItemInputs(dataset, 64), "random")
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_a_teacher_that_learned_nothing_is_refused(dataset: Dataset) -> None:
    torch.manual_seed(0)
    model = create_model("student-xs", num_users=dataset.num_users)
    with torch.no_grad():
        model.users.weight.copy_(model.users.weight[:1].expand_as(model.users.weight))
        model.head[-1].weight.zero_()  # every outfit looks the same
    with pytest.raises(TrainingError, match="learned nothing"):
        Teacher(model, dataset, ItemInputs(dataset, 64), "random")
