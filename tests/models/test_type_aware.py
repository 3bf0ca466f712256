"""Type-Aware against the same in NumPy by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from outfitbench.models import create_model

USERS, WIDTH = 4, 24


@pytest.fixture(params=[False, True], ids=["as it is", "normalised"])
def model(request):
    return create_model(
        "type-aware",
        num_users=USERS,
        input_kind="features",
        feature_size=WIDTH,
        options={"normalise": request.param},
    ).eval()


def by_hand(masks: np.ndarray, features: np.ndarray, categories: np.ndarray, normalise: bool) -> float:
    """The score of one outfit: minus the mean of ‖m ⊙ a − m ⊙ b‖ over its pairs, each at length 1 or not."""
    numbers = {(0, 1): 0, (0, 2): 1, (1, 2): 2, (0, 0): 3, (1, 1): 3, (2, 2): 3}
    distances = []
    worn = [slot for slot in range(len(categories)) if categories[slot] >= 0]
    for place, one in enumerate(worn):
        for other in worn[place + 1 :]:
            low, high = sorted((int(categories[one]), int(categories[other])))
            mask = np.maximum(masks[numbers[low, high]], 0)
            a, b = mask * features[one], mask * features[other]
            if normalise:
                a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
            distances.append(np.linalg.norm(a - b))
    return -np.mean(distances) if distances else 0.0


def test_scores_are_those_by_hand(model):
    generator = np.random.default_rng(0)
    features = generator.normal(size=(40, 4, model.feature_size)).astype(np.float32)
    categories = generator.integers(-1, 3, (40, 4))
    masks = model.masks.detach().numpy()
    assert (masks < 0).any()
    with torch.inference_mode():
        scores = model.score(
            torch.zeros(40, dtype=torch.int64), torch.from_numpy(features), torch.from_numpy(categories)
        )
    expected = [by_hand(masks, *outfit, model.normalise) for outfit in zip(features, categories, strict=True)]
    np.testing.assert_allclose(scores.numpy(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("count", [1, 5, 17])
def test_every_two_categories_of_any_number_have_a_mask_of_their_own(count):
    """With 17 categories there are more masks than features, and each pair is given its own."""
    model = create_model(
        "type-aware", num_users=1, num_categories=count, input_kind="features", feature_size=WIDTH
    ).eval()
    with torch.device("meta"):  # as a plan builds it, to see how large it is
        create_model("type-aware", num_users=1, num_categories=count)
    assert model.masks.shape == (count * (count - 1) // 2 + 1, 128)
    kinds = torch.cartesian_prod(torch.arange(count), torch.arange(count))
    one, other = torch.randn(2, len(kinds), model.feature_size)
    with torch.inference_mode():
        distances = model.pair_distances(one, other, *kinds.T)
    masks = {pair: mask for mask, pair in enumerate(itertools.combinations(range(count), 2))}
    numbers = [masks.get(tuple(sorted(pair)), len(masks)) for pair in kinds.tolist()]
    applied = np.maximum(model.masks.detach().numpy()[numbers], 0)
    expected = np.linalg.norm(applied * (one - other).numpy(), axis=1)
    np.testing.assert_allclose(distances.numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_distances_of_pairs_are_those_by_hand_in_training_and_in_testing(model, training):
    model.train(training)
    categories = torch.cartesian_prod(torch.arange(3), torch.arange(3))
    one, other = torch.randn(2, 9, model.feature_size)
    with torch.inference_mode():
        distances = model.pair_distances(one, other, *categories.T)
        swapped = model.pair_distances(other, one, *categories.T.flip(0))
    masks = model.masks.detach().numpy()
    for row, kinds in enumerate(categories.numpy()):
        pair = torch.stack([one[row], other[row]]).numpy()
        assert distances[row].item() == pytest.approx(-by_hand(masks, pair, kinds, model.normalise), rel=1e-5)
    torch.testing.assert_close(distances, swapped)


def test_gradients_of_a_distance_are_those_of_finite_differences(model):
    model = model.double()
    one, other = torch.randn(2, 3, model.feature_size, dtype=torch.float64, requires_grad=True)
    kinds = (torch.tensor([0, 1, 0]), torch.tensor([2, 0, 0]))
    assert torch.autograd.gradcheck(lambda a, b: model.pair_distances(a, b, *kinds), (one, other))


def test_an_item_beside_itself_is_at_distance_0_with_a_finite_gradient(model):
    item = torch.randn(1, model.feature_size, requires_grad=True)
    tops = torch.tensor([0])
    distance = model.pair_distances(item, item, tops, tops)
    gradients = torch.autograd.grad(distance.sum(), [item, model.masks])
    assert distance.item() == 0
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_normalised_distances_are_at_most_2_and_do_not_see_the_size_of_features(model):
    one, other = torch.randn(2, 50, model.feature_size)
    kinds = torch.randint(3, (2, 50))
    with torch.inference_mode():
        distances = model.pair_distances(one, other, *kinds)
        scaled = model.pair_distances(7 * one, 7 * other, *kinds)
    if model.normalise:
        torch.testing.assert_close(scaled, distances)
        assert distances.max() <= 2
    else:
        torch.testing.assert_close(scaled, 7 * distances)


def test_an_item_that_the_mask_hides_is_at_a_finite_distance_with_a_finite_gradient(model):
    hidden, other = torch.zeros(1, model.feature_size, requires_grad=True), torch.randn(1, model.feature_size)
    tops = torch.tensor([0])
    distance = model.pair_distances(hidden, other, tops, tops)
    gradients = torch.autograd.grad(distance.sum(), [hidden, model.masks])
    assert distance.isfinite().all()
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_in_bf16_distances_are_those_of_the_rounded_features(model):
    """Nothing but the features is rounded: near distances would be lost in 8 bits."""
    one = torch.randn(9, model.feature_size).bfloat16()
    other = one + 0.05 * torch.randn(9, model.feature_size).bfloat16()
    kinds = torch.randint(3, (2, 9))
    with torch.inference_mode():
        exact = model.pair_distances(one.float(), other.float(), *kinds)
        with torch.autocast("cpu", torch.bfloat16):
            torch.testing.assert_close(model.pair_distances(one, other, *kinds), exact)


def test_the_shipped_method_is_normalised_and_the_model_itself_as_the_paper_has_it():
    from outfitbench.suites.suite_file import load_suite

    assert not create_model("type-aware", num_users=1).normalise
    assert load_suite("table2").methods["type-aware"].options == {"normalise": True}


def test_outfits_of_fewer_than_two_items_score_0(model):
    features = torch.randn(2, 3, model.feature_size)
    categories = torch.tensor([[-1, 1, -1], [-1, -1, -1]])
    with torch.inference_mode():
        assert model.score(torch.tensor([0, 1]), features, categories).tolist() == [0, 0]


def test_all_users_agree_and_none_has_parameters(model):
    features, categories = torch.randn(5, 3, model.feature_size), torch.tensor([[0, 1, 2]] * 5)
    with torch.inference_mode():
        matrix = model.score_matrix(torch.arange(USERS), features, categories)
    assert matrix.shape == (USERS, 5)
    assert (matrix == matrix[:1]).all()
    assert "users" not in dict(model.named_children())


def test_the_masks_start_as_the_paper_says_and_their_norm_counts_what_is_applied():
    model = create_model("type-aware", num_users=1, input_kind="features", feature_size=WIDTH)
    assert model.masks.shape == (4, 128)
    assert model.masks.mean().item() == pytest.approx(0.9, abs=0.15)
    assert model.masks.std().item() == pytest.approx(0.7, abs=0.1)
    assert model.mask_norm().item() == pytest.approx(
        np.maximum(model.masks.detach().numpy(), 0).sum(), rel=1e-5
    )


def test_items_are_encoded_as_by_the_smallest_student():
    mine, student = (create_model(name, num_users=2) for name in ("type-aware", "student-xs"))
    for part in ("backbone", "head"):
        own, other = (getattr(model, part).state_dict() for model in (mine, student))
        assert {name: tensor.shape for name, tensor in own.items()} == {n: t.shape for n, t in other.items()}
    assert sum(p.numel() for p in mine.parameters()) == 2_469_696 + 49_408 + 4 * 128
