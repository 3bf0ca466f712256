"""The teacher's false-negativeness against Eq. 11 and 12, outfit by outfit, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from outfitbench.datasets import Dataset, OutfitTable, load_dataset, sample_negatives
from outfitbench.evaluation.item_inputs import ItemInputs
from outfitbench.evaluation.scoring import encode_items, score_outfits
from outfitbench.models import create_model
from outfitbench.models.outfit_model import OutfitModel
from outfitbench.training.batches import draw_epoch
from outfitbench.training.errors import TrainingError
from outfitbench.training.history import PositiveMean
from outfitbench.training.objectives import false_negativeness
from outfitbench.training.objectives.false_negative_loss import FND, FNDOptions
from outfitbench.training.objectives.objective import FitContext
from outfitbench.training.recombination import Recombination, Recombiner
from outfitbench.training.teacher import SAMPLED_STEPS, Teacher
from sklearn.metrics import precision_score, recall_score


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
    told = teacher.describe(1.5 / teacher.gap())
    assert told.alpha_relative == pytest.approx(1.5)
    assert told.mean_d == pytest.approx(1.5, rel=0.1)


def least_liked(dataset: Dataset) -> np.ndarray:
    """What each user's average training positive is worth to them."""
    train = dataset.split("train")
    assert dataset.hidden is not None
    liked = dataset.hidden.preference(train.users, train.items)
    return np.array([liked[train.users == user].mean() for user in range(dataset.num_users)])


@pytest.mark.parametrize("over", ["train", "held-out"])
def test_what_is_called_false_against_what_is_liked(
    model: OutfitModel, dataset: Dataset, over: PositiveMean
) -> None:
    teacher = Teacher(model, dataset, ItemInputs(dataset, 64), "hard")
    told = teacher.describe(1.0, over=over)
    train, held_out = dataset.split("train"), dataset.split("valid-teacher")
    negatives = sample_negatives(train, dataset.item_category, per_positive=10, hard=0.5, seed=1)
    table = encode_items(model, ItemInputs(dataset, 64), np.arange(dataset.num_items), dataset.num_items)

    def scores(outfits: OutfitTable) -> np.ndarray:
        return score_outfits(model, dataset, table, outfits).numpy()

    own, seen = {"train": train, "held-out": held_out}[over], scores(train)
    mean = np.array([scores(own)[own.users == user].mean() for user in range(dataset.num_users)])
    called_false = scores(negatives) > mean[negatives.users]
    assert dataset.hidden is not None
    truth = (
        dataset.hidden.preference(negatives.users, negatives.items) >= least_liked(dataset)[negatives.users]
    )
    assert told.gap == pytest.approx(mean[train.users].mean() - teacher._random.mean(), abs=1e-5)
    assert told.true_base_rate == pytest.approx(truth.mean())
    assert told.true_false_negative_share == pytest.approx(precision_score(truth, called_false), abs=1e-3)
    assert told.recall == pytest.approx(recall_score(truth, called_false), abs=1e-3)
    assert told.positives_called_false == pytest.approx((seen > mean[train.users]).mean(), abs=2e-3)
    held = scores(held_out) > mean[held_out.users]
    assert told.held_out_called_false == pytest.approx(held.mean(), abs=2e-3)
    asked = teacher.positive_mean(torch.arange(dataset.num_users), over)
    np.testing.assert_allclose(asked.numpy(), mean, atol=1e-5)


def test_what_a_step_holds(model: OutfitModel, dataset: Dataset) -> None:
    """The loss at all ones and the softmax mass, of all steps of an epoch as training would draw them."""
    teacher = Teacher(model, dataset, ItemInputs(dataset, 64), "hard", batch_size=16)
    recombination = Recombination(20, exchanged=0.5)
    told = teacher.describe(2.0, 0.2, recombination=recombination)
    positives, negatives = draw_epoch(dataset, "hard", seed=0, epoch=1)
    posted = {(user, *outfit) for user, outfit in zip(positives.users, positives.items.tolist(), strict=True)}
    recombiner = Recombiner(dataset.split("train"), dataset.item_category, *recombination)
    generator, losses, mass, on_liked = np.random.default_rng(0), [], 0.0, 0.0
    steps = range(0, min(SAMPLED_STEPS, len(positives) // 16) * 16, 16)
    for start in steps:
        users, ours = positives.users[start : start + 16], positives.items[start : start + 16]
        theirs = negatives.items[start : start + 16]
        outfits = np.concatenate([ours, theirs, recombiner.draw(ours, theirs, generator)])
        asked = torch.from_numpy(users.astype(np.int64))
        scores = teacher.score_matrix(
            asked, outfits, torch.from_numpy(dataset.categories_of(outfits))
        ).numpy()
        mean = teacher.positive_mean(asked).numpy()
        for pair, user in enumerate(users):
            free = [k for k, outfit in enumerate(theirs.tolist()) if (user, *outfit) not in posted]
            d = 2.0 * (mean[pair] - scores[pair, [*(16 + k for k in free), *range(32, 52)]])
            losses.append(np.log1p(np.exp((d - 1) / 0.2).sum()))
            like, others = np.exp(scores[pair, pair] / 0.2), np.exp(scores[pair, 16:32][free] / 0.2)
            assert dataset.hidden is not None
            worth = dataset.hidden.preference(np.full(len(free), user), theirs[free])
            mass += (others / (like + others.sum())).sum()
            on_liked += (others / (like + others.sum()))[worth >= least_liked(dataset)[user]].sum()
    assert told.all_ones_loss == pytest.approx(np.mean(losses), rel=1e-4)
    assert told.chance_loss == pytest.approx(np.log(1 + 16 + 20))
    assert told.softmax_mass == pytest.approx(on_liked / mass, rel=1e-3)


def test_a_user_without_held_out_positives_keeps_the_mean_of_the_others(
    model: OutfitModel, dataset: Dataset
) -> None:
    held_out = dataset.split("valid-teacher")
    lacking = replace(
        dataset,
        tables={**dataset.tables, "valid-teacher": held_out.take(np.flatnonzero(held_out.users != 3))},
    )
    whole, teacher = (Teacher(model, one, ItemInputs(one, 64), "random") for one in (dataset, lacking))
    everyone = torch.arange(dataset.num_users)
    found, expected = (one.positive_mean(everyone, "held-out").numpy() for one in (teacher, whole))
    assert found[3] == teacher.positive_mean(everyone)[3] != expected[3]
    np.testing.assert_allclose(np.delete(found, 3), np.delete(expected, 3), atol=1e-5)
    assert (whole.describe().without_held_out, teacher.describe().without_held_out) == (0, 1)
    part = FND(FNDOptions(positive_mean="held-out", alpha=2.0, alpha_mode="absolute"), None)
    told = part.begin(FitContext(lacking, teacher))
    assert told.distillation is not None
    gap = found[dataset.split("train").users].mean() - teacher._random.mean()
    assert told.distillation.alpha_relative == pytest.approx(2.0 * gap, abs=1e-4)
    assert told.warnings[-1].startswith("1 users have no positive that the teacher was not trained on")


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


def test_its_features_are_kept_for_the_next_student(
    model: OutfitModel, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scores(kept: Path | None) -> list[np.ndarray]:
        teacher = Teacher(model, dataset, ItemInputs(dataset, 64), "random", kept=kept)
        return [teacher._train.scores, teacher._held_out.scores, teacher._random]

    expected = scores(None)
    np.testing.assert_equal(scores(tmp_path), expected)
    train, _ = sorted(tmp_path.glob("*.npy"))
    train.write_bytes(train.read_bytes()[:-1000])
    np.testing.assert_equal(scores(tmp_path), expected)  # a broken file is made anew
    monkeypatch.setattr("outfitbench.training.teacher.encode_items", None)
    np.testing.assert_equal(scores(tmp_path), expected)
