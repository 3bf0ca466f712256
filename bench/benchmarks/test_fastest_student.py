"""The smallest student as fast as it can be run, against eager PyTorch in fp32: batches of 64 at 224 px.

What a variant loses in AUC the suite `throughput` says, beside the same ratios of trained networks.
"""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec

import pytest
import torch
from outfitbench.bench import Subject
from outfitbench.bench.engines import answer, engine_factory
from outfitbench.bench.latency import median_ratio, time_in_turns
from outfitbench.bench.request import make_request
from outfitbench.bench.variants import make_variant
from outfitbench.core.machine import usable_cores
from outfitbench.datasets import load_dataset
from outfitbench.models import create_model
from outfitbench.models.weights import WEIGHTS_FILE, save_tensors

MODEL, SIZE, BATCH, ROUNDS = "student-xs", 224, 64, 7
EAGER = "torch"
LEAST_GAIN = {"answering": 4.0, "encoding": 3.0}


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    """Eager PyTorch and what may be faster, by engine: one network, random weights."""
    folder, dataset = tmp_path_factory.mktemp("student"), load_dataset("closet-12")
    torch.manual_seed(0)
    save_tensors(create_model(MODEL, num_users=dataset.num_users).state_dict(), folder / WEIGHTS_FILE)
    fit = Subject(model=MODEL, num_users=dataset.num_users, weights=folder / WEIGHTS_FILE, input_size=SIZE)
    in_8_bits = make_variant("int8-static", fit, folder / "int8-static", dataset=dataset)
    candidates = [(EAGER, fit), ("torch-bf16", fit), ("onnxruntime", in_8_bits)]
    if find_spec("openvino"):
        candidates.append(("openvino", in_8_bits))
    made = {name: engine_factory(name)(subject, "cpu", usable_cores()) for name, subject in candidates}
    for engine in made.values():
        engine.load()
    return made, dataset.num_users


def encode(engine, request):
    """As many items as the request has outfits."""
    items, categories = request.items[:BATCH], request.categories.reshape(-1)[:BATCH]
    engine.to_host(engine.encode_items(items, categories))


@pytest.mark.parametrize(("job", "call"), [("answering", answer), ("encoding", encode)])
def test_the_fastest_gains_on_eager_pytorch(benchmark, engines, job, call):
    made, num_users = engines
    request = make_request(num_users, "image", SIZE, batch=BATCH)
    calls = {name: partial(call, engine, request) for name, engine in made.items()}
    for warm in calls.values():
        warm()
    benchmark.pedantic(calls[EAGER], rounds=1)
    if benchmark.disabled:
        return
    seconds = time_in_turns(calls, ROUNDS)
    gains = {name: median_ratio(seconds[EAGER], taken) for name, taken in seconds.items() if name != EAGER}
    benchmark.extra_info |= {"gains": gains, "gain_at_least": LEAST_GAIN[job]}
    print(f"\n{benchmark.name}: times as fast as eager PyTorch in fp32 {gains}")
    assert max(gains.values()) >= LEAST_GAIN[job]
