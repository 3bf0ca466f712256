"""Recommending to every user of a set of Polyvore-630's size, from cached features: what is not products."""

from __future__ import annotations

import math
import time
from statistics import median

import numpy as np
import pytest
import torch
from outfitbench.bench import Subject, export_onnx
from outfitbench.bench.ceiling_gauge import measure_ceiling
from outfitbench.bench.counts import count_work
from outfitbench.bench.engines.onnxruntime_engine import OnnxRuntimeEngine
from outfitbench.bench.engines.torch_engine import TorchEngine
from outfitbench.bench.workloads.recommend import recommend
from outfitbench.core.machine import usable_cores
from outfitbench.models import OutfitModel, create_model
from torch import nn

FEATURES, NUM_USERS = 128, 630
ROUNDS, AT_ONCE, MOST = 9, 1024, 1.5
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


class BareProducts:
    """The matrix products by which a model scores a batch of outfits, in their shapes, and nothing else."""

    def __init__(self, model: OutfitModel, outfits: int, size: int) -> None:
        self.outfits = outfits
        self._products: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
        hooks = [
            part.register_forward_hook(self._note) for part in model.modules() if type(part) is nn.Linear
        ]
        categories = torch.zeros(outfits, size, dtype=torch.int64)
        with torch.inference_mode():
            model.score(categories[:, 0], torch.rand(outfits, size, FEATURES), categories)
        for hook in hooks:
            hook.remove()

    def _note(self, layer: nn.Linear, given: tuple[torch.Tensor], made: torch.Tensor) -> None:
        rows = given[0].flatten(0, -2).contiguous()
        self._products.append((rows, layer.weight.detach().T, torch.empty(len(rows), layer.out_features)))

    @torch.inference_mode()
    def seconds(self, outfits: int) -> float:
        """For so many, a batch at a time; what the last one is too large does not count."""
        batches = math.ceil(outfits / self.outfits)
        start = time.perf_counter()
        for _ in range(batches):
            for rows, weight, out in self._products:
                torch.mm(rows, weight, out=out)
        return (time.perf_counter() - start) * outfits / (batches * self.outfits)


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
    torch.set_num_threads(usable_cores())
    bare = BareProducts(model.eval(), AT_ONCE, polyvore_split.items.shape[1])
    flops = count_work(model, FEATURES).score.flops * len(polyvore_split)
    ratios, shares = [], []
    for _ in range(ROUNDS):
        products, taken = bare.seconds(len(polyvore_split)), recommend(*asked)["score"]
        ratios.append(taken / products)
        shares.append(flops / taken / measure_ceiling(usable_cores()).products.median)
    ratio, share = median(ratios), median(shares)
    benchmark.extra_info |= {"ratio": ratio, "ratio_at_most": MOST, "share_of_ceiling": share}
    print(
        f"\n{benchmark.name}: {ratio:.2f} times its bare matrix products, at most {MOST} is allowed; "
        f"{share:.0%} of the rate of large ones"
    )
    assert ratio <= MOST
