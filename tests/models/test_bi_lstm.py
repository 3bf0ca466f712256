"""Bi-LSTM against the same in NumPy by hand: the LSTM's equations, the order of the items, the softmax."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.models import create_model
from outfitbench.models.zoo import bi_lstm
from scipy.special import expit, logsumexp

WIDTH = 24


@pytest.fixture
def model():
    torch.manual_seed(0)
    return create_model("bi-lstm", num_users=3, input_kind="features", feature_size=WIDTH).eval()


def numbers(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().double().numpy()


def states_by_hand(reader: torch.nn.LSTM, items: list[np.ndarray]) -> list[np.ndarray]:
    """h after each item; PyTorch stacks the gates input, forget, cell, output."""
    weights = {name: numbers(parameter) for name, parameter in reader.named_parameters()}
    h, c = np.zeros((2, reader.hidden_size))
    states = []
    for item in items:
        gates = weights["weight_ih_l0"] @ item + weights["bias_ih_l0"]
        gates += weights["weight_hh_l0"] @ h + weights["bias_hh_l0"]
        i, f, g, o = np.split(gates, 4)
        c = expit(f) * c + expit(i) * np.tanh(g)
        h = expit(o) * np.tanh(c)
        states.append(h)
    return states


def loss_by_hand(reader: torch.nn.LSTM, items: list[np.ndarray], bank: np.ndarray) -> float:
    """The mean cross-entropy of what follows each item, END being the zero vector."""
    if not items:
        return 0.0
    end = np.zeros(bank.shape[1])
    return float(
        np.mean(
            [
                logsumexp([*(bank @ state), end @ state]) - following @ state
                for state, following in zip(states_by_hand(reader, items), [*items[1:], end], strict=True)
            ]
        )
    )


def losses_by_hand(model, features: np.ndarray, categories: list[int], bank: np.ndarray) -> list[float]:
    """Forward and backward, of the items of each category in turn as their slots stand."""
    worn = [
        features[slot] for kind in range(3) for slot in range(len(categories)) if categories[slot] == kind
    ]
    return [
        loss_by_hand(model.forward_reader, worn, bank),
        loss_by_hand(model.backward_reader, worn[::-1], bank),
    ]


def drawn(model, rows: int = 20, slots: int = 4, seed: int = 0):
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(rows, slots, model.feature_size))
    categories = generator.integers(-1, 3, (rows, slots))
    categories[:2] = [[-1, 1, -1, -1], [-1, -1, -1, -1]]
    return torch.from_numpy(features).float(), torch.from_numpy(categories)


def test_both_losses_and_the_score_are_those_by_hand(model):
    features, categories = drawn(model)
    bank = torch.randn(7, model.feature_size)
    users = torch.zeros(20, dtype=torch.int64)
    with torch.inference_mode():
        found = model.next_item_losses(features, categories, bank)
        scores = model.score_among(users, features, categories, bank)
    for row in range(20):
        expected = losses_by_hand(model, numbers(features[row]), categories[row].tolist(), numbers(bank))
        assert [loss[row].item() for loss in found] == pytest.approx(expected, rel=1e-5, abs=1e-6)
        assert scores[row].item() == pytest.approx(-sum(expected), rel=1e-5, abs=1e-6)


def test_without_a_bank_an_outfit_is_ranked_among_its_own_items(model):
    features, categories = drawn(model)
    with torch.inference_mode():
        scores = model.score(torch.zeros(20, dtype=torch.int64), features, categories)
    for row in range(20):
        own = numbers(features[row, categories[row] >= 0])
        expected = losses_by_hand(model, numbers(features[row]), categories[row].tolist(), own)
        assert scores[row].item() == pytest.approx(-sum(expected), rel=1e-5, abs=1e-6)


def test_slots_do_not_matter_but_for_two_tops_which_are_read_in_theirs(model):
    features, categories = torch.randn(1, 4, model.feature_size), torch.tensor([[0, 0, 1, 2]])
    bank = torch.randn(5, model.feature_size)

    def score(order: list[int]) -> float:
        with torch.inference_mode():
            return model.score_among(torch.tensor([0]), features[:, order], categories[:, order], bank).item()

    assert model.keeps_slot_order
    for order in ([3, 0, 1, 2], [2, 3, 0, 1], [0, 3, 2, 1]):
        assert score(order) == pytest.approx(score([0, 1, 2, 3]), rel=1e-6)
    assert abs(score([1, 0, 2, 3]) - score([0, 1, 2, 3])) > 1e-3


@pytest.mark.parametrize("where", [0, 1, 3])
def test_padding_changes_nothing_wherever_it_stands(model, where):
    features, bank = torch.randn(2, 3, model.feature_size), torch.randn(5, model.feature_size)
    categories = torch.tensor([[0, 1, 2], [1, 0, 0]])
    padded = torch.cat(
        [features[:, :where], torch.full((2, 2, model.feature_size), torch.nan), features[:, where:]], 1
    )
    empty = torch.full((2, 2), -1)
    kinds = torch.cat([categories[:, :where], empty, categories[:, where:]], 1)
    with torch.inference_mode():
        for found, expected in zip(
            model.next_item_losses(padded, kinds, bank),
            model.next_item_losses(features, categories, bank),
            strict=True,
        ):
            torch.testing.assert_close(found, expected)


def test_a_large_bank_is_taken_in_parts_with_the_same_scores(model, monkeypatch):
    features, categories = drawn(model)
    bank = torch.randn(50, model.feature_size)
    users = torch.zeros(20, dtype=torch.int64)
    with torch.inference_mode():
        whole = model.score_among(users, features, categories, bank)
        for logits in (1, 51 * 7, 51 * 159):
            monkeypatch.setattr(bi_lstm, "_LOGITS", logits)
            torch.testing.assert_close(model.score_among(users, features, categories, bank), whole)


def test_gradients_of_the_losses_are_those_of_finite_differences():
    model = create_model("bi-lstm", num_users=1, input_kind="features", feature_size=6).double().eval()
    features, bank = (
        torch.randn(*shape, model.feature_size, dtype=torch.float64, requires_grad=True)
        for shape in ((2, 3), (3,))
    )
    categories = torch.tensor([[0, 1, 2], [2, -1, 0]])

    def losses(features, bank):
        return torch.stack(model.next_item_losses(features, categories, bank))

    assert torch.autograd.gradcheck(losses, (features, bank), fast_mode=True)


def test_dropout_stands_in_training_only(model):
    features, categories = drawn(model)
    bank = torch.randn(7, model.feature_size)
    once, again = (model.next_item_losses(features, categories, bank)[0] for _ in range(2))
    assert torch.equal(once, again)
    model.train()
    once, again = (model.next_item_losses(features, categories, bank)[0] for _ in range(2))
    assert not torch.equal(once, again)


def test_the_share_that_is_left_out_is_an_option():
    whole = {"dropout": 0.0}
    model = create_model("bi-lstm", num_users=2, input_kind="features", feature_size=6, options=whole)
    features, categories = drawn(model)
    bank = torch.randn(7, model.feature_size)
    once, again = (model.train().next_item_losses(features, categories, bank)[0] for _ in range(2))
    assert torch.equal(once, again)
    with pytest.raises(InputError, match="dropout"):
        create_model("bi-lstm", num_users=2, options={"dropout": 1.0})


def test_half_precision_features_are_read_in_float32(model):
    features, categories = drawn(model)
    bank = torch.randn(7, model.feature_size)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        rough = model.next_item_losses(features.bfloat16(), categories, bank.bfloat16())
        exact = model.next_item_losses(features.bfloat16().float(), categories, bank.bfloat16().float())
    assert all(loss.dtype == torch.float32 for loss in rough)
    assert all(torch.equal(one, other) for one, other in zip(rough, exact, strict=True))
