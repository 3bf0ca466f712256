"""Scoring a whole test split of Polyvore-630's size from cached features: outfits a second."""

from __future__ import annotations

import pytest
import torch
from outfitbench.bench.ceiling_gauge import measure_ceiling
from outfitbench.bench.counts import count_work
from outfitbench.core.machine import usable_cores
from outfitbench.evaluation.scoring import FeatureTable, score_outfits
from outfitbench.models import create_model

LEAST = 200_000
"""Outfits a second, on two cores."""

IMAGE_SIZE = 64
"""Of the backbone, which takes no part."""


@pytest.mark.parametrize("name", ["type-aware", "sce-net", "fhn", "outfit-net-fir", "student-xs"])
def test_outfits_are_scored_fast(benchmark, polyvore_sized, polyvore_split, name):
    torch.manual_seed(0)
    model = create_model(name, num_users=630).eval()
    ids = polyvore_split.distinct_items
    table = FeatureTable(ids, torch.randn(len(ids), model.feature_size), len(polyvore_sized.item_category))
    asked = model, polyvore_sized, table, polyvore_split
    benchmark.pedantic(score_outfits, asked, rounds=3, warmup_rounds=1)
    if benchmark.disabled:
        return
    speed = len(polyvore_split) / benchmark.stats.stats.median
    benchmark.extra_info |= {"outfits_per_second": speed, "at_least": LEAST}
    told = f"\n{benchmark.name}: {speed:,.0f} outfits/s, at least {LEAST:,} are asked for"
    if flops := count_work(model, IMAGE_SIZE).score.of(1).flops:  # OutfitNet FIR multiplies no matrices
        benchmark.extra_info["products_allow"] = measure_ceiling(usable_cores()).products.median / flops
        told += f"; bare matrix products allow {benchmark.extra_info['products_allow']:,.0f}"
    print(told)
    assert speed >= LEAST, f"{benchmark.name} scores {speed:,.0f} outfits/s, expected {LEAST:,} at least"
