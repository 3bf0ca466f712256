"""Distances of vectors against NumPy, and their gradient where there is none to follow."""

from __future__ import annotations

import numpy as np
import torch
from outfitbench.models.vectors import distances


def test_distances_are_those_of_numpy() -> None:
    one, other = torch.randn(2, 3, 5, 4, generator=torch.Generator().manual_seed(0)).unbind()
    expected = np.linalg.norm(one.double().numpy() - other.double().numpy(), axis=-1)
    np.testing.assert_allclose(distances(one, other), expected, rtol=1e-6)


def test_equal_vectors_have_distance_0_and_no_gradient() -> None:
    one = torch.tensor([[3.0, 4.0], [1.0, 2.0]], requires_grad=True)
    found = distances(one, torch.tensor([[0.0, 0.0], [1.0, 2.0]]))
    found.sum().backward()
    assert found.tolist() == [5.0, 0.0]
    np.testing.assert_allclose(one.grad, [[0.6, 0.8], [0.0, 0.0]])
