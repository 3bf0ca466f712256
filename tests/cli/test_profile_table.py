"""The figures of a profile, against what NumPy says of its samples."""

from __future__ import annotations

import numpy as np
import pytest
from outfitbench.bench import EngineProfile, Measurement
from outfitbench.bench.ceiling import Bound
from outfitbench.bench.engine_profile import joined
from outfitbench.cli.profile_table import row, summaries
from outfitbench.core.machine import describe_machine

MILLISECONDS = [*range(1, 101)]


@pytest.fixture
def profile():
    return EngineProfile(
        method="Tiny",
        model="tiny",
        backbone="one convolution",
        input_kind="image",
        input_size=16,
        workload="request",
        engine="torch",
        provider=None,
        device="cpu",
        precision="fp32",
        threads=2,
        batch=4,
        outfit_size=3,
        measurements={
            "latency": Measurement(unit="s", samples=[n / 1e3 for n in MILLISECONDS]),
            "file_size": Measurement(unit="byte", samples=[2_500_000]),
            "throughput_8": Measurement(unit="outfit/s", samples=[10.0, 30.0, 20.0]),
            "score_latency": Measurement(unit="s", samples=[], flags=["left out"]),
        },
        bounds={"latency": Bound(by="bandwidth", best=0.01, share=0.199)},
        flags=["shared processor"],
        machine=describe_machine(),
        session="a",
        date="2026-11-29",
    )


def test_the_row_has_tail_interval_file_and_ceiling(profile):
    cells = row(profile)
    assert cells["latency (ms)"] == pytest.approx(50.5)
    assert cells["95 % interval"] == "40.00–61.00"  # the 40th and the 61st: binomial, n = 100
    assert (cells["p95 (ms)"], cells["p99 (ms)"], cells["n"]) == (95.0, 99.0, 100)
    assert cells["file (MB)"] == 2.5
    assert cells["of ceiling"] == "20% (bandwidth)"
    assert cells["throughput_8 (outfit/s)"] == 20.0
    assert np.isnan(cells["from features (ms)"])
    assert cells["flags"] == "shared processor; left out: score_latency"


def test_of_fewer_than_six_samples_no_interval_is_told(profile):
    few = {"latency": Measurement(unit="s", samples=[0.1, 0.2, 0.3, 0.4, 0.5])}
    few = profile.model_copy(update={"measurements": few})
    assert row(few)["95 % interval"] == ""
    assert summaries(few)["latency"]["median_interval"] is None


def test_flags_of_quantities_reach_the_table_also_of_several_workloads_side_by_side(profile):
    slow = Measurement(unit="s", samples=[0.1] * 79, session="a", flags=["not settled"])
    sized = Measurement(unit="outfit/s", samples=[9.0], session="a")
    first = profile.model_copy(update={"measurements": {"latency": slow}})
    second = profile.model_copy(update={"workload": "batch", "measurements": {"throughput": sized}})
    (both,) = joined([first, second])
    cells = row(both)
    assert cells["flags"] == "not settled: latency; shared processor"
    assert np.isnan(cells["p99 (ms)"])  # of 79 samples it would be the largest
    assert cells["p95 (ms)"] == pytest.approx(100.0)


def test_the_summaries_say_what_the_samples_come_to(profile):
    told = summaries(profile)
    assert told.keys() == {"latency", "file_size", "throughput_8"}
    latency = told["latency"]
    assert (latency["unit"], latency["n"]) == ("s", 100)
    assert (told["throughput_8"]["p95"], told["throughput_8"]["p99"]) == (None, None)
    assert latency["median"] == pytest.approx(np.median(MILLISECONDS) / 1e3)
    assert latency["mean"] == pytest.approx(np.mean(MILLISECONDS) / 1e3)
    for share in (95, 99):
        expected = np.percentile(MILLISECONDS, share, method="inverted_cdf") / 1e3
        assert latency[f"p{share}"] == pytest.approx(expected)
    assert latency["median_interval"] == pytest.approx((0.040, 0.061))
