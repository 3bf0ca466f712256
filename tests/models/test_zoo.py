"""What holds of every method: each test runs over the whole zoo, so a new file in it is found here."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from outfitbench.models import OutfitModel, create_model, list_models

USERS, WIDTH, SIZE = 5, 24, 64
every_model = pytest.mark.parametrize("name", list_models())


@cache
def over_images(name: str) -> OutfitModel:
    torch.manual_seed(0)
    return create_model(name, num_users=USERS).eval()


@cache
def over_features(name: str) -> OutfitModel:
    torch.manual_seed(0)
    return create_model(name, num_users=USERS, input_kind="features", feature_size=WIDTH).eval()


def outfits(model: OutfitModel, rows: int = 6, slots: int = 4):
    """Users, features and categories: a top, a second top where there is one, a bottom, a shoe."""
    generator = torch.Generator().manual_seed(rows)
    items = torch.rand(rows * slots, WIDTH, generator=generator)
    categories = torch.tensor([[0, 0, 1, 2], [0, -1, 1, 2]])[:, :slots].repeat(rows, 1)[:rows]
    with torch.no_grad():
        features = model.encode_items(items, categories.flatten().clamp(min=0)).unflatten(0, (rows, slots))
    return torch.arange(rows) % USERS, features, categories


@every_model
def test_attributes_and_shapes_are_those_of_the_contract(name):
    for model, items in (
        (over_images(name), torch.rand(3, 3, SIZE, SIZE)),
        (over_features(name), torch.rand(3, WIDTH)),
    ):
        assert model.num_users == USERS
        with torch.inference_mode():
            assert model.encode_items(items, torch.tensor([0, 1, 2])).shape == (3, model.feature_size)
    assert (over_images(name).input_kind, over_images(name).input_size) == ("image", 224)
    assert (over_features(name).input_kind, over_features(name).input_size) == ("features", WIDTH)


@every_model
def test_an_item_is_encoded_alike_alone_and_among_others(name):
    model, images = over_images(name), torch.rand(3, 3, SIZE, SIZE)
    categories = torch.tensor([0, 1, 2])
    with torch.inference_mode():
        together = model.encode_items(images, categories)
        alone = model.encode_items(images[1:2], categories[1:2])
    torch.testing.assert_close(together[1:2], alone, rtol=1e-4, atol=1e-4)


@every_model
def test_a_score_matrix_holds_every_pairs_score(name):
    model = over_features(name)
    _, features, categories = outfits(model)
    everyone = torch.arange(USERS)
    with torch.inference_mode():
        torch.testing.assert_close(
            model.score_matrix(everyone, features, categories),
            OutfitModel.score_matrix(model, everyone, features, categories),
        )


@every_model
def test_an_outfits_score_is_its_own_whatever_else_is_in_the_batch(name):
    model = over_features(name)
    users, features, categories = outfits(model)
    bank = torch.randn(9, model.feature_size)
    with torch.inference_mode():
        for score in (model.score, lambda *batch: model.score_among(*batch, bank)):
            together = score(users, features, categories)
            torch.testing.assert_close(
                torch.cat(
                    [score(users[n : n + 1], features[n : n + 1], categories[n : n + 1]) for n in range(6)]
                ),
                together,
                rtol=1e-4,
                atol=1e-5,
            )


@every_model
def test_a_bank_matters_to_a_model_that_has_one_and_to_no_other(name):
    model = over_features(name)
    users, features, categories = outfits(model)
    generator = torch.Generator().manual_seed(0)
    bank = torch.randn(9, model.feature_size, generator=generator)
    everyone = torch.arange(USERS)
    with torch.inference_mode():
        among = model.score_among(users, features, categories, bank)
        assert (among != model.score(users, features, categories)).all() == model.has_item_bank
        matrix = model.score_matrix_among(everyone, features, categories, bank)
        torch.testing.assert_close(matrix[users, torch.arange(6)], among, rtol=1e-4, atol=1e-5)
        shuffled = model.score_among(users, features, categories, bank.flip(0))
        torch.testing.assert_close(shuffled, among, rtol=1e-5, atol=1e-5)


@every_model
@given(order=st.permutations(range(4)))
@settings(max_examples=15)
def test_the_order_of_an_outfits_items_does_not_matter(name, order):
    model = over_features(name)
    users, features, categories = outfits(model)
    if model.keeps_slot_order:
        order = [*order]
        one, other = sorted(map(order.index, (0, 1)))  # the two tops stay in theirs
        order[one], order[other] = 0, 1
    with torch.inference_mode():
        torch.testing.assert_close(
            model.score(users, features[:, order], categories[:, order]),
            model.score(users, features, categories),
            rtol=1e-4,
            atol=1e-5,
        )


@every_model
@pytest.mark.parametrize("garbage", [1e20, float("nan")])
def test_what_stands_in_an_empty_slot_reaches_neither_score_nor_gradient(name, garbage):
    model = over_features(name)
    users, features, categories = outfits(model)
    results = []
    for filler in (0.0, garbage):
        given_features = features.masked_fill((categories < 0).unsqueeze(-1), filler).requires_grad_(True)
        scores = model.score(users, given_features, categories)
        results.append((scores, torch.autograd.grad(scores.sum(), given_features)[0]))
    torch.testing.assert_close(*results)
    assert results[1][1][categories < 0].eq(0).all()


@every_model
def test_every_outfit_has_a_finite_score_even_one_without_items(name):
    model = over_features(name)
    users, features, categories = outfits(model)
    with torch.inference_mode():
        assert model.score(users, features, torch.full_like(categories, -1)).isfinite().all()


@every_model
def test_gradients_reach_every_parameter(name):
    model = over_images(name)
    categories = torch.tensor([[0, 1, 2], [0, 1, -1]])
    features = model.encode_items(torch.rand(6, 3, SIZE, SIZE), categories.flatten().clamp(min=0))
    scores = model.score(torch.tensor([0, 1]), features.unflatten(0, (2, 3)), categories)
    gradients = torch.autograd.grad(scores.square().sum(), list(model.parameters()))
    for (path, _), gradient in zip(model.named_parameters(), gradients, strict=True):
        assert gradient.isfinite().all(), path
        assert gradient.any(), path


@every_model
def test_half_precision_gives_nearly_the_same_scores_in_float32(name):
    model = over_features(name)
    users, features, categories = outfits(model)
    with torch.inference_mode():
        exact = model.score(users, features, categories)
        with torch.autocast("cpu", torch.bfloat16):
            rough = model.score(users, features.bfloat16(), categories)
            matrix = model.score_matrix(users, features.bfloat16(), categories)
    assert rough.dtype == matrix.dtype == torch.float32
    torch.testing.assert_close(rough, exact, rtol=0, atol=0.05)
    torch.testing.assert_close(matrix.diagonal(), rough, rtol=0, atol=1e-5)


@every_model
def test_float32_agrees_with_float64(name):
    model = over_features(name)
    users, features, categories = outfits(model)
    with torch.inference_mode():
        exact = create_model(name, num_users=USERS, input_kind="features", feature_size=WIDTH).eval().double()
        exact.load_state_dict(model.state_dict())
        torch.testing.assert_close(
            model.score(users, features, categories).double(),
            exact.score(users, features.double(), categories),
            rtol=0,
            atol=1e-5,
        )


@every_model
def test_a_training_step_is_deterministic(name):
    torch.use_deterministic_algorithms(True)
    try:
        results = []
        for _ in range(2):
            torch.manual_seed(7)
            model = create_model(name, num_users=USERS, input_kind="features", feature_size=WIDTH)
            users, features, categories = outfits(model)
            features.requires_grad_(True)
            loss = model.score_matrix(users, features, categories).logsumexp(1).sum()
            learnt = [features, *model.parameters()]
            results.append([loss, *torch.autograd.grad(loss, learnt, allow_unused=True)])
        assert all(one is two is None or torch.equal(one, two) for one, two in zip(*results, strict=True))
    finally:
        torch.use_deterministic_algorithms(False)


@every_model
def test_weights_survive_safetensors(name, tmp_path):
    from safetensors.torch import load_file, save_file

    model = over_images(name)
    save_file(model.state_dict(), tmp_path / "weights.safetensors")
    loaded = load_file(tmp_path / "weights.safetensors")
    assert loaded.keys() == model.state_dict().keys()
    assert sum(tensor.numel() for tensor in loaded.values()) == sum(p.numel() for p in model.parameters())
