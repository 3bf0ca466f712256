"""Scoring a whole test split of Polyvore-630's size from cached features: outfits a second."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from outfitbench.datasets import sample_negatives
from outfitbench.datasets.tables import OutfitTable
from outfitbench.evaluation.scoring import FeatureTable, score_outfits
from outfitbench.models import create_model

LEAST = 200_000
"""Outfits a second, on two cores."""


@pytest.fixture(scope="module")
def split(polyvore_sized) -> OutfitTable:
    """253,594 outfits, ten negatives a positive."""
    positives = polyvore_sized.positives
    negatives = sample_negatives(positives, polyvore_sized.item_category, per_positive=10)
    return OutfitTable(
        np.concatenate([positives.users, negatives.users]), np.concatenate([positives.items, negatives.items])
    )


@pytest.mark.parametrize("name", ["type-aware", "sce-net", "fhn", "student-xs"])
def test_outfits_are_scored_fast(benchmark, polyvore_sized, split, name):
    torch.manual_seed(0)
    model = create_model(name, num_users=630).eval()
    ids = split.distinct_items
    table = FeatureTable(ids, torch.randn(len(ids), model.feature_size), len(polyvore_sized.item_category))
    benchmark.pedantic(score_outfits, (model, polyvore_sized, table, split), rounds=3, warmup_rounds=1)
    if benchmark.disabled:
        return
    speed = len(split) / benchmark.stats.stats.median
    benchmark.extra_info |= {"outfits_per_second": speed, "at_least": LEAST}
    print(f"\n{benchmark.name}: {speed:,.0f} outfits/s, at least {LEAST:,} are asked for")
    assert speed >= LEAST, f"{benchmark.name} scores {speed:,.0f} outfits/s, expected {LEAST:,} at least"
