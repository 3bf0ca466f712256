from __future__ import annotations

import numpy as np
import pytest
from outfitbench.bench.ceiling import Ceiling, Work
from outfitbench.bench.effort import Effort
from outfitbench.bench.measurement import Measurement
from outfitbench.bench.model_work import MatrixFlops, MatrixWork, ModelWork, PartWork, TrainingWork
from outfitbench.bench.workloads import WORKLOADS

MACHINE = Ceiling(
    products=Measurement(unit="FLOP/s", samples=[1e9]), bandwidth=Measurement(unit="byte/s", samples=[1e8])
)


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


def test_products_in_fewer_bits_have_their_own_rate_and_others_that_of_fp32():
    machine = MACHINE.model_copy(
        update={"in_fewer_bits": {"int8": Measurement(unit="FLOP/s", samples=[4e9])}}
    )
    work, measured = Work(flops=8e9, bytes=1), Measurement(unit="s", samples=[16.0])
    shares = [machine.bound(work, measured, precision).share for precision in ("fp32", "fp16", "int8")]
    assert shares == pytest.approx([1 / 2, 1 / 2, 1 / 8])


MODEL = ModelWork(
    encode=PartWork(flops=1000, weights=10, data=3),
    score=PartWork(flops=50, weights=7, data=2),
    matrix=MatrixWork(MatrixFlops(outfit=40, pair=10, banked=2), weights=5, user=2, item=3),
    training=TrainingWork(2900, MatrixFlops(outfit=120, pair=30, banked=6), weights=100, item=1),
    outfit_size=4,
    num_users=6,
    vector_size=8,
    counted=4100,
)
EFFORT = Effort(batch=5, outfits=2, vectors=9, history=3)


def test_each_workload_names_what_its_samples_take():
    def work(name):
        return WORKLOADS.get(name)().work(MODEL, EFFORT)

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
    eight = Work(8 * 4050, 10 + 32 * 3 + 7 + 8 * 2, 8)
    assert work("concurrent")["latency_of_8"] == work("concurrent")["rate_of_8"] == eight
    liked, scored = 3 * (40 + 12 * 2) + 6 * 3 * 10, 2 * (40 + 8 * 2) + 2 * 10
    moved = (10 + 12 * 3) + (5 + 6 * 2 + 8 * 3 + 4 * 2)
    assert work("cold-start")["cold_start"] == Work(12 * 1000 + liked + scored, moved)
    scores = 10 * (120 + 40 * 6) + (5 + 5 * 5) * 30
    assert work("training-step")["training_step"] == Work(40 * 2900 + scores, 6 * 100 + 40 * 1, 5)
    for name in WORKLOADS.names():
        assert set(work(name)) <= set(WORKLOADS.get(name).units)
        assert all(np.isfinite(part) and part > 0 for each in work(name).values() for part in each)


def test_recommending_takes_what_was_laid_out(tmp_path):
    """Three candidates of two users, two outfits of three items and of two, four items in all."""
    np.save(tmp_path / "users.npy", np.array([0, 1, 1]))
    np.save(tmp_path / "outfits.npy", np.array([[0, 1, 2, -1], [0, 1, 2, -1], [3, -1, 2, -1]]))
    np.save(tmp_path / "categories.npy", np.array([0, 1, 2, 0]))
    recommend, catalogue = (WORKLOADS.get(name)() for name in ("recommend", "catalogue"))
    assert recommend.work(MODEL, EFFORT) == {}
    assert recommend.work_on(MODEL, EFFORT, tmp_path) == {
        "recommend_encode": Work(4 * 1000, 10 + 4 * 3, 4),
        "recommend_score": Work(5 / 4 * (40 + 4 * 2) + 3 * 10, 5 + 2 * 2 + 4 * 3 + 4 * 3),
    }
    assert catalogue.work_on(MODEL, EFFORT, tmp_path) == catalogue.work(MODEL, EFFORT)
