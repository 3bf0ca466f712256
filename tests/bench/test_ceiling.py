from __future__ import annotations

import numpy as np
import pytest
from outfitbench.bench.ceiling import Ceiling, CeilingGauge, Work, pooled
from outfitbench.bench.counts import ModelWork, PartWork
from outfitbench.bench.effort import Effort
from outfitbench.bench.measurement import Measurement
from outfitbench.bench.workloads import WORKLOADS

MACHINE = Ceiling(
    products=Measurement(unit="FLOP/s", samples=[1e9]), bandwidth=Measurement(unit="byte/s", samples=[1e8])
)


def test_two_threads_have_each_a_sample_of_both_rates():
    found = pooled([CeilingGauge(2).read(12)], "a session")
    assert {found.products.session, found.bandwidth.session} == {"a session"}
    assert found.products.n == found.bandwidth.n == 12
    # Any processor of this century multiplies more than a hundred times as much as it moves.
    assert 1e9 < found.products.median < 1e15
    assert 1e8 < found.bandwidth.median < 1e13


@pytest.mark.parametrize(
    ("work", "unit", "sample", "by", "best", "share"),
    [
        (Work(flops=2e9, bytes=1e8), "s", 4.0, "products", 2.0, 0.5),
        (Work(flops=1e9, bytes=3e8), "s", 3.0, "bandwidth", 3.0, 1.0),
        (Work(flops=2e9, bytes=0, units=8), "outfit/s", 1.0, "products", 4.0, 0.25),
    ],
)
def test_the_longer_of_the_two_is_the_bound(work, unit, sample, by, best, share):
    bound = MACHINE.bound(work, Measurement(unit=unit, samples=[sample]))
    assert (bound.by, bound.best, bound.share) == (by, pytest.approx(best), pytest.approx(share))


def test_each_workload_names_what_its_samples_take():
    model = ModelWork(
        encode=PartWork(flops=1000, weights=10, data=3),
        score=PartWork(flops=50, weights=7, data=2),
        outfit_size=4,
        num_users=6,
        vector_size=8,
    )
    effort = Effort(batch=5, outfits=2, vectors=9)

    def work(name):
        return WORKLOADS.get(name)().work(model, effort)

    assert work("request") == {"latency": Work(4050, 10 + 4 * 3 + 7 + 2, 1)}
    assert work("request-features") == {
        "score_latency": Work(50, 9, 1),
        "score_outfits_latency": Work(100, 11, 2),
    }
    assert work("request-outfits")["outfits_latency"].flops == 2 * 4050
    assert work("batch")["throughput"] == Work(5 * 4050, 10 + 20 * 3 + 7 + 5 * 2, 5)
    assert work("batch-curve")["throughput_256"].units == 256
    assert work("encode")["encode_throughput"] == Work(5000, 25, 5)
    assert work("top-k")["top_k"] == Work(2 * 6 * 9 * 8, 4 * 8 * (6 + 9))
    for name in WORKLOADS.names():
        assert set(work(name)) <= set(WORKLOADS.get(name).units)
        assert all(np.isfinite(part) and part > 0 for each in work(name).values() for part in each)
