"""Layers of low rank, held against NumPy's singular values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from outfitbench.bench import Subject
from outfitbench.bench.engines.torch_engine import load_model
from outfitbench.bench.variants import make_variant


def test_layers_of_low_rank_are_the_best_of_their_rank(headed_subject: Subject, tmp_path: Path):
    made = make_variant("low-rank", headed_subject, tmp_path / "low-rank")
    full, factored = load_model(headed_subject), load_model(made)
    before = full.head[2].weight.detach().numpy()
    left, values, right = np.linalg.svd(before)
    best = (left[:, :64] * values[:64]) @ right[:64]  # 256 outputs: a quarter of their rank
    np.testing.assert_allclose(factored.head[2].weight.detach(), best, atol=1e-5)
    np.testing.assert_array_equal(full.head[0].weight.detach(), factored.head[0].weight.detach())
    assert made.weights.stat().st_size < headed_subject.weights.stat().st_size
