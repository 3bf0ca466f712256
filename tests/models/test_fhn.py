"""FHN against the same in NumPy by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from outfitbench.models import create_model
from outfitbench.models.backbones.backbone import FeatureBackbone
from outfitbench.models.zoo.fhn import FHN

USERS, WIDTH, OUTFITS = 4, 24, 40


@pytest.fixture
def model():
    model = create_model("fhn", num_users=USERS, input_kind="features", feature_size=WIDTH).eval()
    with torch.no_grad():
        for weights in (model.user_weights, model.item_weights):
            weights.normal_(1, 0.5)
    return model


def numbers(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().double().numpy()


def by_hand(model, user: int, features: np.ndarray, categories: np.ndarray) -> float:
    """10 · [mean of λᵘ u h_k + mean of λⁱ h_k h_l over k < l], pairs of one category left out."""
    u = numbers(model.users.weight)[user]
    of_user, of_items = numbers(model.user_weights), numbers(model.item_weights)
    worn = [slot for slot in range(len(categories)) if categories[slot] >= 0]
    taste = [np.mean(of_user * u * features[k]) for k in worn]
    together = [
        np.mean(of_items * features[k] * features[m])
        for k, m in itertools.combinations(worn, 2)
        if categories[k] != categories[m]
    ]
    return 10 * float(sum(np.mean(part) for part in (taste, together) if part))


def test_scores_are_those_by_hand(model):
    generator = np.random.default_rng(0)
    features = generator.normal(size=(OUTFITS, 4, model.feature_size))
    categories = generator.integers(-1, 3, (OUTFITS, 4))
    categories[:3] = [[0, 0, 1, 2], [0, 0, -1, -1], [-1, -1, -1, -1]]
    users = generator.integers(USERS, size=OUTFITS)
    given = torch.from_numpy(features).float(), torch.from_numpy(categories)
    with torch.inference_mode():
        scores = model.score(torch.from_numpy(users), *given)
        matrix = model.score_matrix(torch.arange(USERS), *given)
    everyone = [
        [by_hand(model, user, *outfit) for outfit in zip(features, categories, strict=True)]
        for user in range(USERS)
    ]
    np.testing.assert_allclose(matrix.numpy(), everyone, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        scores.numpy(), np.array(everyone)[users, range(OUTFITS)], rtol=1e-4, atol=1e-4
    )


def test_there_are_as_many_encoders_as_categories_and_all_of_them_make_pairs():
    model = create_model("fhn", num_users=2, num_categories=9, input_kind="features", feature_size=WIDTH)
    assert len(model.head.encoders) == 9
    generator = np.random.default_rng(0)
    features = generator.normal(size=(OUTFITS, 6, model.feature_size))
    categories = generator.integers(-1, 9, (OUTFITS, 6))
    with torch.inference_mode():
        scores = model.score(
            torch.ones(OUTFITS, dtype=torch.int64),
            torch.from_numpy(features).float(),
            torch.from_numpy(categories),
        )
    expected = [by_hand(model, 1, *outfit) for outfit in zip(features, categories, strict=True)]
    np.testing.assert_allclose(scores.numpy(), expected, rtol=1e-4, atol=1e-4)


def test_a_second_top_makes_no_pair_with_the_first_and_is_not_made_up_where_it_is_missing(model):
    tops = torch.randn(1, 4, model.feature_size)
    user = torch.tensor([0])
    with torch.inference_mode():
        three = model.score(user, tops[:, 1:], torch.tensor([[0, 1, 2]]))
        with_a_gap = model.score(user, tops, torch.tensor([[-1, 0, 1, 2]]))
        alone = model.score(user, tops[:, :2], torch.tensor([[0, 0]]))
    torch.testing.assert_close(three, with_a_gap)
    taste = numbers(model.user_weights) * numbers(model.users.weight)[0] * numbers(tops[0, :2])
    assert alone.item() == pytest.approx(10 * taste.mean(), rel=1e-4)


def test_each_category_has_an_encoder_of_its_own_on_the_backbones_vectors(model):
    items, categories = torch.randn(6, WIDTH), torch.tensor([2, 0, 1, 1, 0, 2])
    with torch.inference_mode():
        features = model.encode_items(items, categories).numpy()
    for row, kind in enumerate(categories.tolist()):
        first, second = (layer for layer in model.head.encoders[kind] if hasattr(layer, "weight"))
        hidden = np.maximum(numbers(first.weight) @ numbers(items[row]) + numbers(first.bias), 0)
        np.testing.assert_allclose(features[row], numbers(second.weight) @ hidden, rtol=1e-3, atol=1e-5)
        assert second.bias is None


def test_items_are_dropped_out_in_training_only_and_over_imagenet_weights_only():
    images, tops = torch.rand(2, 3, 64, 64), torch.tensor([0, 0])
    for pretrained in ("later", False):
        model = create_model("fhn", num_users=USERS, pretrained=pretrained)
        with torch.no_grad():
            again = torch.equal(model.encode_items(images, tops), model.encode_items(images, tops))
            assert again is not bool(pretrained)
            model.eval()
            assert torch.equal(model.encode_items(images, tops), model.encode_items(images, tops))


def test_gradients_of_a_score_are_those_of_finite_differences(model):
    model = model.double()
    features = torch.randn(2, 4, model.feature_size, dtype=torch.float64, requires_grad=True)
    users, categories = torch.tensor([0, 3]), torch.tensor([[0, 0, 1, 2], [0, -1, 1, 2]])
    assert torch.autograd.gradcheck(lambda given: model.score(users, given, categories), (features,))


def test_gradients_of_users_and_of_both_weights_are_those_of_finite_differences():
    model = FHN(FeatureBackbone(3), num_users=2, num_categories=3, feature_size=4).double()
    features = torch.randn(2, 4, 4, dtype=torch.float64)
    users, categories = torch.tensor([0, 1]), torch.tensor([[0, 0, 1, 2], [0, -1, 1, 2]])
    learnt = (model.users.weight, model.user_weights, model.item_weights)
    assert torch.autograd.gradcheck(lambda *_: model.score(users, features, categories), learnt)


def test_both_weights_start_at_1():
    model = create_model("fhn", num_users=1, input_kind="features", feature_size=WIDTH)
    for weights in (model.user_weights, model.item_weights):
        assert weights.tolist() == [1] * 128


def test_parameters_are_those_of_three_encoders_two_weights_and_the_users():
    model = create_model("fhn", num_users=7)
    encoder = 256 * 128 + 128 + 128 * 128
    assert sum(p.numel() for p in model.parameters()) == 2_469_696 + 3 * encoder + 2 * 128 + 7 * 128
