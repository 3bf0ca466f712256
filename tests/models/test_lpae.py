"""LPAE against the same in NumPy by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from outfitbench.models import create_model
from outfitbench.models.backbones.backbone import FeatureBackbone
from outfitbench.models.zoo.lpae import LPAE

USERS, WIDTH = 3, 24


def lpae(name: str):
    return create_model(name, num_users=USERS, input_kind="features", feature_size=WIDTH).eval()


def numbers(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().double().numpy()


@pytest.mark.parametrize("name", ["lpae-u", "lpae-g"])
def test_scores_are_sums_of_cosines_with_the_users_anchors(name):
    model = lpae(name)
    features, categories = torch.randn(6, 3, model.feature_size), torch.tensor([[0, 1, 2]] * 5 + [[0, 1, -1]])
    with torch.inference_mode():
        matrix = model.score_matrix(torch.arange(USERS), features, categories)
        outfits = numbers(model.set_transformer(features, categories < 0))
    weight, bias = numbers(model.projection.weight), numbers(model.projection.bias)
    for user in range(USERS):
        anchors = list(numbers(model.anchors)[user])
        anchors += [] if model.general_anchors is None else list(numbers(model.general_anchors))
        assert len(anchors) == 64
        for row, outfit in enumerate(outfits):
            z = weight @ outfit + bias
            cosines = [z @ a / np.linalg.norm(z) / np.linalg.norm(a) for a in anchors]
            assert matrix[user, row].item() == pytest.approx(sum(cosines), rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("name", ["lpae-u", "lpae-g"])
def test_anchor_search_takes_the_known_users_anchors_nearest_to_the_known_outfits(name):
    model = lpae(name)
    known, kinds = torch.randn(2, 4, 3, model.feature_size), torch.tensor([0, 1, 2]).expand(2, 4, 3)
    ranked, categories = torch.randn(5, 3, model.feature_size), torch.tensor([[0, 1, 2]] * 5)
    with torch.inference_mode():
        found = model.score_tastes(model.cold_tastes(known, kinds), ranked, categories)
        vectors = [numbers(model.embed_outfits(f, k)) for f, k in zip(known, kinds, strict=True)]
        outfits = numbers(model.embed_outfits(ranked, categories))
    anchors = numbers(model.anchors).reshape(-1, 128)
    shared = np.empty((0, 128)) if model.general_anchors is None else numbers(model.general_anchors)
    for new, of_user in enumerate(vectors):
        mean_cosines = [np.mean([cosine(z, anchor) for z in of_user]) for anchor in anchors]
        best = anchors[np.argsort(mean_cosines)[-model.anchors.shape[1] :]]
        for row, outfit in enumerate(outfits):
            expected = sum(cosine(outfit, anchor) for anchor in [*best, *shared])
            assert found[new, row].item() == pytest.approx(expected, rel=1e-3, abs=1e-4)


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return one @ other / np.linalg.norm(one) / np.linalg.norm(other)


def test_anchors_are_64_of_ones_own_or_32_and_32_that_all_share():
    of_users, with_general = lpae("lpae-u"), lpae("lpae-g")
    assert of_users.anchors.shape == (USERS, 64, 128)
    assert of_users.general_anchors is None
    assert with_general.anchors.shape == (USERS, 32, 128)
    assert with_general.general_anchors.shape == (32, 128)
    assert with_general.user_anchors(torch.tensor([2, 0])).shape == (2, 32, 128)


def test_anchors_start_uniform_within_the_root_of_3_over_d():
    model, bound = lpae("lpae-g"), np.sqrt(3 / 128)
    for anchors in (numbers(model.anchors), numbers(model.general_anchors)):
        assert np.abs(anchors).max() <= bound
        assert anchors.std() == pytest.approx(bound / np.sqrt(3), rel=0.05)


def test_gradients_of_a_score_are_those_of_finite_differences():
    model = lpae("lpae-g").double()
    features = torch.randn(1, 3, model.feature_size, dtype=torch.float64, requires_grad=True)
    users, categories = torch.tensor([1]), torch.tensor([[0, 1, -1]])
    assert torch.autograd.gradcheck(lambda given: model.score(users, given, categories), (features,))


def test_gradients_of_own_and_general_anchors_are_those_of_finite_differences():
    model = LPAE(FeatureBackbone(3), num_users=2, own=2, general=1, feature_size=8).double()
    features = torch.randn(2, 3, 8, dtype=torch.float64)
    users, categories = torch.tensor([0, 1]), torch.tensor([[0, 1, 2], [0, 1, -1]])
    learnt = (model.anchors, model.general_anchors)
    assert torch.autograd.gradcheck(lambda *_: model.score(users, features, categories), learnt)


def test_outfits_are_embedded_by_the_papers_set_transformer():
    own, paper = lpae("lpae-u"), create_model("student-xs", num_users=1)
    shapes = [{n: t.shape for n, t in m.set_transformer.state_dict().items()} for m in (own, paper)]
    assert shapes[0] == shapes[1]
