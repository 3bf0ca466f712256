"""OutfitNet's two stages against the same in NumPy by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from outfitbench.models import create_model

USERS, WIDTH, OUTFITS = 4, 24, 30


def outfit_net(name: str):
    return create_model(name, num_users=USERS, input_kind="features", feature_size=WIDTH).eval()


def numbers(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().double().numpy()


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def outfits(feature_size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Users, features and categories, an outfit of one item and one of none among them."""
    generator = np.random.default_rng(0)
    categories = generator.integers(-1, 3, (OUTFITS, 4))
    categories[:4] = [[0, 0, 1, 2], [0, 0, -1, -1], [2, -1, -1, -1], [-1, -1, -1, -1]]
    features = generator.normal(size=(OUTFITS, 4, feature_size)).astype(np.float32)
    return generator.integers(USERS, size=OUTFITS), features, categories


def agreement_by_hand(features: np.ndarray, categories: np.ndarray) -> float:
    """Mean cosine of all pairs."""
    items = unit(features[categories >= 0])
    return float(np.mean([a @ b for a, b in itertools.combinations(items, 2)])) if len(items) > 1 else 0.0


def preference_by_hand(model, user: int, features: np.ndarray, categories: np.ndarray) -> float:
    """Σ_k a_k cos(u, f_k) with a the softmax of w_uᵀ tanh(V f_k + c)."""
    items = unit(features[categories >= 0])
    if not len(items):
        return 0.0
    hidden = np.tanh(items @ numbers(model.attended.weight).T + numbers(model.attended.bias))
    weights = np.exp(hidden @ numbers(model.attention.weight)[user])
    return float(weights / weights.sum() @ items @ unit(numbers(model.users.weight)[user]))


@pytest.mark.parametrize("name", ["outfit-net-fir", "outfit-net"])
def test_scores_are_those_by_hand(name):
    model = outfit_net(name)
    users, features, categories = outfits(model.feature_size)
    if name == "outfit-net":
        with torch.no_grad():
            model.attended.bias.normal_()
            model.attention.weight.normal_()  # so that its weights are far from equal
    given = torch.from_numpy(features), torch.from_numpy(categories)
    with torch.inference_mode():
        scores = model.score(torch.from_numpy(users), *given)
        matrix = model.score_matrix(torch.arange(USERS), *given)
    everyone = [
        [
            agreement_by_hand(*outfit)
            if name == "outfit-net-fir"
            else preference_by_hand(model, user, *outfit)
            for outfit in zip(features, categories, strict=True)
        ]
        for user in range(USERS)
    ]
    np.testing.assert_allclose(matrix.numpy(), everyone, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        scores.numpy(), np.array(everyone)[users, range(OUTFITS)], rtol=1e-4, atol=1e-5
    )


def test_of_what_a_user_attends_to_alone_the_score_is_that_items_cosine():
    """The second user's attention is the first's turned round: each sees another item of the same outfit."""
    model = outfit_net("outfit-net")
    with torch.no_grad():
        model.attention.weight[0].normal_().mul_(1e4)
        model.attention.weight[1] = -model.attention.weight[0]
        model.users.weight[1] = model.users.weight[0]
    features = torch.randn(1, 2, model.feature_size)
    cosines = unit(numbers(features[0])) @ unit(numbers(model.users.weight)[0])
    with torch.inference_mode():
        scores = model.score_matrix(torch.tensor([0, 1]), features, torch.tensor([[0, 1]]))[:, 0]
    np.testing.assert_allclose(np.sort(scores.numpy()), np.sort(cosines), atol=1e-4)


@pytest.mark.parametrize("name", ["outfit-net-fir", "outfit-net"])
def test_gradients_of_a_score_are_those_of_finite_differences(name):
    model = outfit_net(name).double()
    features = torch.randn(2, 4, model.feature_size, dtype=torch.float64, requires_grad=True)
    users, categories = torch.tensor([0, 3]), torch.tensor([[0, 0, 1, 2], [0, -1, 1, 2]])
    assert torch.autograd.gradcheck(lambda given: model.score(users, given, categories), (features,))
    if name == "outfit-net":
        parts = (model.attended.weight, model.attended.bias, model.attention.weight, model.users.weight)
        loss = model.score(users, features.detach(), categories).sum()
        for weights, gradient in zip(parts, torch.autograd.grad(loss, parts), strict=True):
            for at in ((0,) * weights.ndim, (weights.shape[0] - 1,) * weights.ndim):
                ends = []
                for step in (1e-5, -1e-5):
                    with torch.no_grad():
                        weights[at] += step
                        ends.append(model.score(users, features, categories).sum().item())
                        weights[at] -= step
                assert gradient[at].item() == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-4, abs=1e-9)


def test_the_second_stage_has_all_that_the_first_one_learns():
    first, second = (outfit_net(name).state_dict() for name in ("outfit-net-fir", "outfit-net"))
    assert {name: tensor.shape for name, tensor in first.items()}.items() <= {
        name: tensor.shape for name, tensor in second.items()
    }.items()
    assert second.keys() - first.keys() == {
        "attended.weight",
        "attended.bias",
        "attention.weight",
        "users.weight",
    }


def test_parameters_are_those_of_the_items_part_the_attention_and_the_users():
    items = 2_469_696 + 256 * 128 + 128 + 128 * 128 + 128
    sizes = [
        sum(p.numel() for p in create_model(name, num_users=7).parameters())
        for name in ("outfit-net-fir", "outfit-net")
    ]
    assert sizes == [items, items + 128 * 128 + 128 + 2 * 7 * 128]
