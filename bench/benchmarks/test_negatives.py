"""Negatives for a set the size of Polyvore-630: 230,540 at ten a positive. Aim: 0.3 s at most."""

from __future__ import annotations

import pytest
from outfitbench.datasets import sample_negatives


@pytest.mark.parametrize("hard", [0.0, 0.5, 1.0], ids=["random", "mixed", "hard"])
def test_negatives(benchmark, polyvore_sized, hard):
    negatives = benchmark(
        sample_negatives, polyvore_sized.positives, polyvore_sized.item_category, per_positive=10, hard=hard
    )
    benchmark.extra_info["negatives"] = len(negatives)
    assert len(negatives) == 230_540
