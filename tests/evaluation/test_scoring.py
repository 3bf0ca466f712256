"""Evaluation against scoring every outfit by itself, and metrics against scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from outfitbench.datasets import CandidateSet, Dataset, load_dataset
from outfitbench.evaluation.item_inputs import ItemInputs
from outfitbench.evaluation.scoring import encode_items, evaluate, score_candidates
from outfitbench.evaluation.side_by_side import SCORE_BATCH
from outfitbench.models import ModelError, create_model
from outfitbench.models.outfit_model import OutfitModel
from sklearn.metrics import roc_auc_score


@pytest.fixture(scope="module", params=["closet-12", "closet-10v"])
def dataset(request: pytest.FixtureRequest, small_closet_10v: Path) -> Dataset:
    return load_dataset(request.param, cache=small_closet_10v if request.param == "closet-10v" else None)


@pytest.fixture(scope="module")
def inputs(dataset: Dataset) -> ItemInputs:
    return ItemInputs(dataset, 64)


@pytest.fixture(scope="module")
def model(dataset: Dataset) -> OutfitModel:
    torch.manual_seed(0)
    return create_model("student-xs", num_users=dataset.num_users).eval()


def some_candidates(dataset: Dataset, count: int) -> CandidateSet:
    whole = dataset.candidates("test", "random")
    rows = np.random.default_rng(0).permutation(len(whole))[:count]
    return CandidateSet(whole.users[rows], whole.items[rows], whole.labels[rows])


def score_one(model: OutfitModel, dataset: Dataset, user: int, items: list[int]) -> float:
    """The plainest way: the outfit's images through the network, nothing shared."""
    worn = np.array([item for item in items if item >= 0])
    images = torch.from_numpy(dataset.images(worn, 64)).permute(0, 3, 1, 2).float() / 255
    categories = torch.from_numpy(dataset.item_category[worn].astype(np.int64))
    with torch.no_grad():
        features = model.encode_items(images, categories)
        return float(model.score(torch.tensor([user]), features[None], categories[None]))


def test_scores_are_those_of_each_outfit_by_itself(
    model: OutfitModel, dataset: Dataset, inputs: ItemInputs
) -> None:
    candidates = some_candidates(dataset, 25)
    found = score_candidates(model, dataset, inputs, candidates)
    expected = [
        score_one(model, dataset, int(user), items.tolist())
        for user, items in zip(candidates.users, candidates.items, strict=True)
    ]
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_each_distinct_item_is_encoded_once(model: OutfitModel, dataset: Dataset, inputs: ItemInputs) -> None:
    candidates = some_candidates(dataset, 300)
    encoded = []
    original = model.encode_items
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "encode_items", lambda x, c: (encoded.append(len(x)), original(x, c))[1])
        score_candidates(model, dataset, inputs, candidates)
    assert sum(encoded) == len(candidates.outfits.distinct_items)


def test_the_batch_does_not_change_a_feature(
    model: OutfitModel, dataset: Dataset, inputs: ItemInputs
) -> None:
    ids = np.arange(40)
    whole = encode_items(model, inputs, ids, dataset.num_items)
    alone = encode_items(model, inputs, ids[7:8], dataset.num_items)
    torch.testing.assert_close(whole.gather(ids[7:8]), alone.gather(ids[7:8]), atol=1e-5, rtol=1e-4)


def test_auc_per_user_is_scikit_learns(model: OutfitModel, dataset: Dataset, inputs: ItemInputs) -> None:
    candidates = dataset.candidates("test", "random")
    scores = score_candidates(model, dataset, inputs, candidates)
    ranked = evaluate(model, dataset, inputs, candidates)
    expected = {}
    for user in np.unique(candidates.users):
        of_user = candidates.users == user
        if 0 < candidates.labels[of_user].sum() < of_user.sum():
            expected[int(user)] = roc_auc_score(candidates.labels[of_user], scores[of_user])
    assert ranked.users == list(expected)
    np.testing.assert_allclose(ranked.auc, list(expected.values()), atol=1e-9)


def test_a_user_without_test_positives_is_left_out_and_counted(
    model: OutfitModel, dataset: Dataset, inputs: ItemInputs
) -> None:
    whole = dataset.candidates("test", "random")
    gone = int(whole.users[0])
    rows = ~((whole.users == gone) & whole.labels)
    candidates = CandidateSet(whole.users[rows], whole.items[rows], whole.labels[rows])
    before = evaluate(model, dataset, inputs, whole)
    after = evaluate(model, dataset, inputs, candidates)
    assert gone not in after.users
    assert after.left_out == before.left_out + 1


def test_of_nothing_comes_nothing(model: OutfitModel, dataset: Dataset, inputs: ItemInputs) -> None:
    table = encode_items(model, inputs, np.array([], dtype=np.int64), dataset.num_items)
    assert table.features.shape == (0, model.feature_size)
    assert table.features.dtype == torch.float32
    assert score_candidates(model, dataset, inputs, some_candidates(dataset, 0)).shape == (0,)


@pytest.fixture
def two_threads() -> Iterator[None]:
    """As torch has them in a fit on two cores, whatever the machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def many_candidates(dataset: Dataset) -> CandidateSet:
    """Enough for several slices a thread."""
    one = dataset.candidates("test", "random")
    times = 10 * SCORE_BATCH // len(one) + 1
    return CandidateSet(*(np.concatenate([part] * times) for part in (one.users, one.items, one.labels)))


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("name", ["student-xs", "bi-lstm", "type-aware"])
def test_slices_at_once_give_the_bits_of_one_after_another(name: str) -> None:
    dataset = load_dataset("closet-12")
    candidates = many_candidates(dataset)
    inputs = ItemInputs(dataset, 64)
    torch.manual_seed(0)
    model = create_model(name, num_users=dataset.num_users).eval()
    found = score_candidates(model, dataset, inputs, candidates)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)
    assert score_candidates(model, dataset, inputs, candidates).tobytes() == found.tobytes()


@pytest.mark.usefixtures("two_threads")
def test_a_model_that_breaks_leaves_the_threads_as_they_were() -> None:
    dataset = load_dataset("closet-12")
    model = create_model("student-xs", num_users=dataset.num_users)
    seen = []

    def broken(users, features, categories, bank):
        seen.append(torch.get_num_threads())
        raise ModelError("broken")

    model.score_users = broken
    with pytest.raises(ModelError, match="broken"):
        score_candidates(model, dataset, ItemInputs(dataset, 64), many_candidates(dataset))
    assert torch.get_num_threads() == 2
    assert set(seen) == {1}, "enough slices for a thread each"
