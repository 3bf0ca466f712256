from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.models.low_rank import LowRank
from outfitbench.models.weights import load_weights, save_tensors
from torch import nn


def test_a_file_of_two_factors_makes_the_layer_of_low_rank_and_the_others_stay(tmp_path: Path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Sequential(nn.Linear(4, 3, bias=False)))
    state = model.state_dict()
    inner, outer = torch.randn(2, 4), torch.randn(3, 2)
    del state["2.0.weight"]
    save_tensors(state | {"2.0.inner": inner.half(), "2.0.outer": outer}, tmp_path / "weights")
    x = torch.randn(6, 5)
    first, narrow = model[0], inner.half().float()
    expected = np.maximum(first(x).detach().numpy(), 0) @ narrow.numpy().T @ outer.numpy().T
    load_weights(model, tmp_path / "weights")
    assert isinstance(model[2][0], LowRank)
    assert isinstance(model[0], nn.Linear)
    np.testing.assert_allclose(model(x).detach(), expected, atol=1e-6)
    assert model[2][0].inner.dtype == torch.float32


def test_factors_of_a_layer_that_there_is_not_are_refused(tmp_path: Path):
    model = nn.Linear(5, 4)
    factors = {"other.inner": torch.ones(1, 5), "other.outer": torch.ones(4, 1)}
    save_tensors(model.state_dict() | factors, tmp_path / "weights")
    with pytest.raises(InputError, match=r"other\.inner: found shape \(1, 5\), expected shape None"):
        load_weights(model, tmp_path / "weights")
