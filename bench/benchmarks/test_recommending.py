"""Recommending to every user of a set of Polyvore-630's size, from cached features: what is not products."""

from __future__ import annotations

from statistics import median

import numpy as np
import pytest
import torch
from outfitbench.bench import Subject, export_onnx
from outfitbench.bench.ceiling import measure_ceiling
from outfitbench.bench.counts import count_work
from outfitbench.bench.engines.onnxruntime_engine import OnnxRuntimeEngine
from outfitbench.bench.engines.torch_engine import TorchEngine
from outfitbench.bench.workloads.recommend import recommend
from outfitbench.core.machine import usable_cores
from outfitbench.models import create_model

FEATURES, NUM_USERS = 128, 630
ROUNDS, MOST = 3, 1.5
ENGINES = {"torch": TorchEngine, "onnxruntime": OnnxRuntimeEngine}


@pytest.fixture(scope="module")
def candidates(polyvore_sized, polyvore_split, tmp_path_factory):
    """The split over its distinct items' features, laid out as the workload reads them."""
    ids, items = polyvore_split.distinct_items, polyvore_split.items
    folder = tmp_path_factory.mktemp("candidates")
    np.save(folder / "users.npy", polyvore_split.users.astype(np.int64))
    np.save(folder / "outfits.npy", np.searchsorted(ids, items).astype(np.int64))
    np.save(folder / "categories.npy", polyvore_sized.item_category[ids].astype(np.int64))
    np.save(folder / "items.npy", np.random.default_rng(0).random((len(ids), FEATURES), dtype=np.float32))
    return folder


@pytest.mark.parametrize("name", ENGINES)
def test_the_outfit_part_is_little_more_than_products(benchmark, polyvore_split, candidates, tmp_path, name):
    torch.manual_seed(0)
    model = create_model("student-xs", num_users=NUM_USERS, input_kind="features", feature_size=FEATURES)
    export_onnx(model, tmp_path, name="student-xs", input_size=FEATURES)
    engine = ENGINES[name](
        Subject(
            model="student-xs",
            num_users=NUM_USERS,
            input_kind="features",
            input_size=FEATURES,
            export=tmp_path,
        ),
        "cpu",
        usable_cores(),
    )
    engine.load()
    asked = engine, candidates, None, usable_cores()
    benchmark.pedantic(recommend, asked, rounds=1)
    if benchmark.disabled:
        return
    flops = count_work(model, FEATURES).score.flops * len(polyvore_split)
    ratios = []
    for _ in range(ROUNDS):
        products = flops / measure_ceiling(usable_cores()).products.median
        ratios.append(recommend(*asked)["score"] / products)
    ratio = median(ratios)
    benchmark.extra_info |= {"ratio": ratio, "ratio_at_most": MOST}
    print(f"\n{benchmark.name}: {ratio:.2f} times the bare matrix products, at most {MOST} is allowed")
    assert ratio <= MOST
