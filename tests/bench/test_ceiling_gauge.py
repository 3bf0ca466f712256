from __future__ import annotations

import pytest
from outfitbench.bench.ceiling_gauge import CeilingGauge, Reading, pooled, slowed


def test_two_threads_have_each_a_sample_of_both_rates():
    found = pooled([CeilingGauge(2).read(12)], "a session")
    assert {found.products.session, found.bandwidth.session} == {"a session"}
    assert found.products.n == found.bandwidth.n == 12
    # Any processor of this century multiplies more than a hundred times as much as it moves.
    assert 1e9 < found.products.median < 1e15
    assert 1e8 < found.bandwidth.median < 1e13


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_products_in_fewer_bits_are_read_beside_those_in_fp32(precision):
    found = pooled([CeilingGauge(1, [precision, "fp32", "fp16"]).read(2)] * 2)
    assert found.in_fewer_bits.keys() == {precision}, "fp16 has no rate of its own on a processor"
    rate = found.in_fewer_bits[precision]
    assert (rate.unit, rate.turns) == ("FLOP/s", [2, 2])
    # Emulated on old processors, more than tenfold on new ones.
    assert found.products.median / 100 < rate.median < 100 * found.products.median


def test_a_machine_that_is_held_back_is_flagged_and_one_that_gains_is_not():
    assert slowed([Reading([1e11], []), Reading([2e11], [])]) == []
    (flag,) = slowed([Reading([1e11], []), Reading([2e11], []), Reading([1e11], []), Reading([2e11], [])])
    assert flag == "throttled (matrix products fell from 200 to 100 GFLOP/s meanwhile)"
    assert slowed([]) == []
