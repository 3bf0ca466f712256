"""Every user's best ten of a million outfit vectors against the machine's matrix products, and its growth."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from statistics import median

import numpy as np
import pytest
from outfitbench.bench.ceiling_gauge import measure_ceiling
from outfitbench.bench.latency import seconds_of
from outfitbench.core.machine import usable_cores
from outfitbench.evaluation.nearest_outfits import nearest_outfits

from .ratios import report_growth

USERS, OUTFITS, WIDTH, BEST = 630, 1_000_000, 128, 10
LEAST_SHARE, MOST_BYTES, MOST_GROWTH = 0.6, 2_000_000_000, 1.25
ROUNDS = 3


@pytest.fixture(scope="module")
def vectors():
    """Twice the users and ten times the outfits that are asked for: 5 GB, of the same million."""
    rng = np.random.default_rng(0)
    users, outfits = (rng.standard_normal((count, WIDTH), dtype=np.float32) for count in (2 * USERS, OUTFITS))
    return users, np.concatenate([outfits] * 10)


def search(vectors, users, outfits):
    nearest_outfits(vectors[0][:users], vectors[1][:outfits], BEST, threads=usable_cores())


def test_a_million_outfits_at_most_of_the_matrix_product_rate(benchmark, vectors):
    benchmark.pedantic(search, (vectors, USERS, OUTFITS), rounds=1, warmup_rounds=0)
    if benchmark.disabled:
        return
    shares = []
    for _ in range(ROUNDS):
        rate = measure_ceiling(usable_cores()).products.median
        seconds = seconds_of(lambda: search(vectors, USERS, OUTFITS))
        shares.append(2 * USERS * OUTFITS * WIDTH / seconds / rate)
    share = median(shares)
    benchmark.extra_info |= {"share": share, "share_at_least": LEAST_SHARE}
    print(f"\n{share:.0%} of the rate of matrix products, at least {LEAST_SHARE:.0%} is asked for")
    assert share >= LEAST_SHARE


PROGRAM = f"""
import numpy as np
from outfitbench.bench.memory import peak_resident
from outfitbench.core.machine import usable_cores
from outfitbench.evaluation.nearest_outfits import nearest_outfits
rng = np.random.default_rng(0)
users, outfits = (rng.standard_normal((n, {WIDTH}), dtype=np.float32) for n in ({USERS}, {OUTFITS}))
nearest_outfits(users, outfits, {BEST}, threads=usable_cores())
print(peak_resident())
"""


def test_a_million_outfits_in_less_than_two_gigabytes(benchmark):
    def peak():
        done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)
        return int(done.stdout)

    found = benchmark.pedantic(peak, rounds=1)
    benchmark.extra_info |= {"peak_bytes": found, "most_bytes": MOST_BYTES}
    assert found < MOST_BYTES


@pytest.mark.parametrize(
    ("grows", "factors"), [("users", [0.25, 0.5, 1.0, 2.0]), ("outfits", [0.25, 1.0, 2.0, 10.0])]
)
def test_the_time_grows_no_faster_than_the_work(benchmark, vectors, grows, factors):
    """From a quarter of the work to ten million outfits, a user and outfit takes the same time."""
    sizes = {
        factor: (int(USERS * factor), OUTFITS // 4) if grows == "users" else (USERS, int(OUTFITS * factor))
        for factor in factors
    }
    report_growth(benchmark, partial(search, vectors), sizes, rounds=ROUNDS, most=MOST_GROWTH)
