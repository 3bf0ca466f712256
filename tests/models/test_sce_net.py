"""SCE-Net against the same in NumPy by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from outfitbench.models import create_model
from outfitbench.models.backbones.backbone import FeatureBackbone
from outfitbench.models.zoo.sce_net import SCENet

WIDTH = 24


@pytest.fixture
def model():
    return create_model("sce-net", num_users=3, input_kind="features", feature_size=WIDTH).eval()


def numbers(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().double().numpy()


def softmax(logits: np.ndarray) -> np.ndarray:
    return np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()


def conditions(model, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The branch on the two items joined, a first."""
    joined = np.concatenate([a / np.linalg.norm(a), b / np.linalg.norm(b)])
    hidden = np.maximum(numbers(model.joined.weight) @ joined + numbers(model.joined.bias), 0)
    return softmax(numbers(model.weights.weight) @ hidden + numbers(model.weights.bias))


def vectors_by_hand(model, a: np.ndarray, b: np.ndarray) -> list[np.ndarray]:
    """e = Σ_c w_c · normalise(m_c ⊙ f) of both items."""
    weights = (conditions(model, a, b) + conditions(model, b, a)) / 2
    masks = np.maximum(numbers(model.masks), 0)
    masked = ([mask * item for mask in masks] for item in (a, b))
    return [sum(w * v / np.linalg.norm(v) for w, v in zip(weights, own, strict=True)) for own in masked]


def distance_by_hand(model, a: np.ndarray, b: np.ndarray) -> float:
    one, other = vectors_by_hand(model, a, b)
    return float(np.linalg.norm(one - other))


def test_vectors_and_distances_of_pairs_are_those_by_hand(model):
    assert (model.masks < 0).any()
    one, other = torch.randn(2, 9, model.feature_size)
    kinds = torch.randint(3, (2, 9))
    with torch.inference_mode():
        vectors = model.pair_vectors(one, other, *kinds)
        distances = model.pair_distances(one, other, *kinds)
        swapped = model.pair_distances(other, one, *kinds.flip(0))
    for row in range(9):
        pair = numbers(one[row]), numbers(other[row])
        for found, expected in zip(vectors, vectors_by_hand(model, *pair), strict=True):
            np.testing.assert_allclose(found[row].numpy(), expected, rtol=1e-3, atol=1e-5)
        assert distances[row].item() == pytest.approx(distance_by_hand(model, *pair), rel=1e-4)
    torch.testing.assert_close(distances, swapped)


def test_scores_are_minus_the_mean_distance_of_pairs(model):
    generator = np.random.default_rng(0)
    features = generator.normal(size=(20, 4, model.feature_size))
    categories = generator.integers(-1, 3, (20, 4))
    categories[:2] = [[-1, 1, -1, -1], [-1, -1, -1, -1]]
    with torch.inference_mode():
        scores = model.score(
            torch.zeros(20, dtype=torch.int64),
            torch.from_numpy(features).float(),
            torch.from_numpy(categories),
        )
    for row in range(20):
        worn = [features[row, slot] for slot in range(4) if categories[row, slot] >= 0]
        pairs = [distance_by_hand(model, a, b) for a, b in itertools.combinations(worn, 2)]
        assert scores[row].item() == pytest.approx(-np.mean(pairs) if pairs else 0, rel=1e-4, abs=1e-5)


def test_gradients_of_a_distance_are_those_of_finite_differences(model):
    model = model.double()
    one, other = torch.randn(2, 3, model.feature_size, dtype=torch.float64, requires_grad=True)
    kinds = (torch.tensor([0, 1, 0]), torch.tensor([2, 0, 0]))
    assert torch.autograd.gradcheck(lambda a, b: model.pair_distances(a, b, *kinds), (one, other))


def test_gradients_of_masks_and_branch_are_those_of_finite_differences():
    model = SCENet(FeatureBackbone(3), num_users=1, feature_size=2).double()
    one, other = torch.randn(2, 3, 2, dtype=torch.float64)
    kinds = torch.zeros(3, dtype=torch.int64)
    learnt = (model.masks, *model.joined.parameters(), *model.weights.parameters())
    assert torch.autograd.gradcheck(lambda *_: model.pair_distances(one, other, kinds, kinds), learnt)


@pytest.mark.parametrize("hidden", [True, False])
def test_an_item_beside_itself_or_without_a_direction_has_a_finite_distance_and_gradient(model, hidden):
    item = (torch.zeros if hidden else torch.randn)(1, model.feature_size).requires_grad_(True)
    tops = torch.tensor([0])
    distance = model.pair_distances(item, item.detach(), tops, tops)
    gradients = torch.autograd.grad(distance.sum(), [item, model.masks])
    assert distance.item() == pytest.approx(0, abs=1e-6)
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_the_masks_start_as_the_paper_says():
    model = create_model("sce-net", num_users=1, input_kind="features", feature_size=WIDTH)
    assert model.masks.shape == (5, 128)
    assert model.masks.mean().item() == pytest.approx(0.9, abs=0.15)
    assert model.masks.std().item() == pytest.approx(0.7, abs=0.1)
    assert model.mask_norm().item() == pytest.approx(np.maximum(numbers(model.masks), 0).sum(), rel=1e-5)
