"""The machine's ceiling: what it can compute and move at most, and how far below that a measurement stays.

The roofline model (Williams, Waterman and Patterson, 2009): work of some FLOPs on some bytes takes at least
the longer of what its products take at the machine's rate and what its bytes take at its bandwidth.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict
from threadpoolctl import threadpool_limits

from .latency import time_calls
from .measurement import Measurement

__all__ = ["Bound", "Ceiling", "Work", "measure_ceiling"]

_SIDE = 1024
"""Rows of the square matrices that each thread multiplies: large enough for the full rate."""

_COPIED = 64 << 20
"""Bytes that each thread copies: more than caches hold."""

_SAMPLES = 12


class Work(NamedTuple):
    """What something takes at least, whoever does it.

    Attributes:
        flops: In matrix products and convolutions; a multiply-add is two.
        bytes: What must be read once and written once: weights, inputs and outputs.
        units: How many of what a rate counts (outfits, items) that is.
    """

    flops: float
    bytes: float
    units: float = 1


class Bound(BaseModel):
    """How near a measurement comes to what the machine can do.

    Attributes:
        by: Which of the two holds it back: the rate of matrix products, or the memory's bandwidth.
        best: The best possible figure, in the unit of the quantity.
        share: What is reached of it; 1 is the ceiling. Above 1 where what counts as moved stays in caches.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Literal["products", "bandwidth"]
    best: float
    share: float


class Ceiling(BaseModel):
    """What the processor can do at most, in fp32 on the threads that engines are given.

    Attributes:
        products: FLOP/s of NumPy's matrix product, a thread a core.
        bandwidth: Bytes read and written a second (byte/s) where each thread copies what no cache holds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    products: Measurement
    bandwidth: Measurement

    def bound(self, work: Work, measured: Measurement) -> Bound:
        """How near a measured time, or rate, comes to what the work allows.

        Example:
            >>> machine = Ceiling(products=Measurement(unit="FLOP/s", samples=[100.0]),
            ...                   bandwidth=Measurement(unit="byte/s", samples=[10.0]))
            >>> machine.bound(Work(flops=200, bytes=5), Measurement(unit="s", samples=[4.0]))
            Bound(by='products', best=2.0, share=0.5)
            >>> machine.bound(Work(flops=0, bytes=5, units=2), Measurement(unit="item/s", samples=[1.0]))
            Bound(by='bandwidth', best=4.0, share=0.25)
        """
        products, bandwidth = work.flops / self.products.median, work.bytes / self.bandwidth.median
        least = max(products, bandwidth)
        by = "products" if products >= bandwidth else "bandwidth"
        if measured.unit == "s":
            return Bound(by=by, best=least, share=least / measured.median)
        best = work.units / least
        return Bound(by=by, best=best, share=measured.median / best)


def measure_ceiling(threads: int, session: str = "") -> Ceiling:
    """Measure it, in half a second.

    Args:
        threads: As engines are given.
        session: Name of the measuring session.

    Example:
        >>> found = measure_ceiling(1)
        >>> found.products.unit, found.products.median > 1e8, found.bandwidth.median > 1e8
        ('FLOP/s', True, True)
    """
    generator = np.random.default_rng(0)
    left, right = generator.random((2, _SIDE, _SIDE), dtype=np.float32)
    products = np.empty((threads, _SIDE, _SIDE), np.float32)
    source, target = np.ones((2, threads, _COPIED // 4), np.float32)

    def multiply(thread: int) -> None:
        np.matmul(left, right, out=products[thread])

    def copy(thread: int) -> None:
        np.copyto(target[thread], source[thread])

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:

        def rates(each: Callable[[int], None], amount: float) -> list[float]:
            seconds = time_calls(lambda: list(pool.map(each, range(threads))), _SAMPLES + 1)
            return [threads * amount / second for second in seconds[1:]]  # the first touches the memory

        flops, moved = rates(multiply, 2 * _SIDE**3), rates(copy, 2 * _COPIED)
    return Ceiling(
        products=Measurement(unit="FLOP/s", samples=flops, session=session),
        bandwidth=Measurement(unit="byte/s", samples=moved, session=session),
    )
