"""Bi-LSTM's two cross-entropies against NumPy: PyTorch's LSTM cell step by step, the softmax by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.models import OutfitModel, create_model
from outfitbench.training.batches import Batch
from outfitbench.training.objectives import OBJECTIVES
from outfitbench.training.objectives.objective import Outfits
from outfitbench.training.step import TrainingStep

POSITIVES = [[2, 5, 0, 1], [2, 0, 3, 0], [4, 0, 6, 2]]
KINDS = [[2, 0, 1, 0], [2, -1, 0, 1], [0, -1, 1, -1]]


def batch(dtype: torch.dtype = torch.float32) -> Batch:
    """Item 2 stands in three outfits, item 7 in a negative only; empty slots name item 0."""
    generator = torch.Generator().manual_seed(1)
    categories = torch.tensor(KINDS)
    return Batch(
        users=torch.tensor([0, 1, 1]),
        inputs=torch.randn(8, 6, generator=generator).to(dtype),
        item_categories=torch.zeros(8, dtype=torch.int64),
        positives=Outfits(torch.tensor(POSITIVES), categories),
        negatives=Outfits(torch.tensor([[7, 1, 2, 3]] * 3), categories.abs()),
        posted=None,
    )


def step_of(model: OutfitModel, seen: Batch) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    entry = OBJECTIVES.entry("bi-lstm")
    return TrainingStep(model, {"bi-lstm": (1.0, entry.value(entry.options(), model))})(seen)


def reading(model: OutfitModel, name: str, rows: list[int], features: np.ndarray) -> list[float]:
    """Cross-entropy of what follows each item, among the batch's 8 items and END."""
    reader = getattr(model, f"{name}_reader")
    cell = torch.nn.LSTMCell(reader.input_size, reader.hidden_size).double()
    cell.load_state_dict({key.removesuffix("_l0"): value for key, value in reader.state_dict().items()})
    classes = np.concatenate([features, np.zeros((1, features.shape[1]))])
    state, losses = None, []
    for row, following in zip(rows, [*rows[1:], 8], strict=True):
        state = cell(torch.from_numpy(features[row][None]), state)
        likely = np.exp(classes @ state[0].detach().numpy()[0])
        losses.append(-np.log(likely[following] / likely.sum()))
    return losses


def test_the_losses_are_those_worked_out_item_by_item() -> None:
    torch.manual_seed(0)
    model = create_model("bi-lstm", num_users=2, input_kind="features", feature_size=6).eval()
    seen = batch()
    total, named = step_of(model, seen)
    total.backward()
    with torch.no_grad():
        features = model.encode_items(seen.inputs, seen.item_categories).double().numpy()
    sequences = [[5, 1, 0, 2], [3, 0, 2], [4, 6]]  # tops in the order of their slots, bottom, shoe
    forward = np.mean([np.mean(reading(model, "forward", rows, features)) for rows in sequences])
    backward = np.mean([np.mean(reading(model, "backward", rows[::-1], features)) for rows in sequences])
    assert float(named["forward"]) == pytest.approx(forward, rel=1e-5)
    assert float(named["backward"]) == pytest.approx(backward, rel=1e-5)
    assert float(total.detach()) == pytest.approx(forward + backward, rel=1e-5)
    assert all(p.grad is not None and p.grad.isfinite().all() and p.grad.any() for p in model.parameters())


def test_gradients_are_those_of_finite_differences() -> None:
    torch.manual_seed(0)
    model = create_model("bi-lstm", num_users=2, input_kind="features", feature_size=6).double().eval()
    seen = batch(torch.float64)
    total, _ = step_of(model, seen)
    total.backward()
    with torch.no_grad():
        for path, parameter in model.named_parameters():
            assert parameter.grad is not None
            direction = torch.randn_like(parameter)
            losses = []
            for sign in (1, -1):
                parameter += sign * 1e-6 * direction
                losses.append(float(step_of(model, seen)[0]))
                parameter -= sign * 1e-6 * direction
            expected = (losses[0] - losses[1]) / 2e-6
            assert float((parameter.grad * direction).sum()) == pytest.approx(expected, rel=1e-4, abs=1e-7), (
                path
            )


def test_each_item_of_the_step_is_encoded_once_and_is_one_class(monkeypatch: pytest.MonkeyPatch) -> None:
    model = create_model("bi-lstm", num_users=2, input_kind="features", feature_size=6).eval()
    encoded, banks = [], []
    encode, losses = model.encode_items, model.next_item_losses
    monkeypatch.setattr(
        model, "encode_items", lambda *items: (encoded.append(len(items[0])), encode(*items))[1]
    )
    monkeypatch.setattr(model, "next_item_losses", lambda *of: (banks.append(len(of[2])), losses(*of))[1])
    step_of(model, batch())
    assert (encoded, banks) == ([8], [8])


def test_in_half_precision_the_losses_are_computed_in_full() -> None:
    torch.manual_seed(0)
    model = create_model("bi-lstm", num_users=2, input_kind="features", feature_size=6).eval()
    exact, _ = step_of(model, batch())
    with torch.autocast("cpu", torch.bfloat16):
        rough, _ = step_of(model, batch())
    assert rough.dtype == torch.float32
    torch.testing.assert_close(rough, exact, rtol=0.01, atol=0)


def test_a_model_that_foretells_nothing_is_refused_in_one_line() -> None:
    entry = OBJECTIVES.entry("bi-lstm")
    model = create_model("type-aware", num_users=2, input_kind="features", feature_size=6)
    with pytest.raises(InputError, match="objective bi-lstm: found model TypeAware") as caught:
        entry.value(entry.options(), model)
    assert "\n" not in str(caught.value)
