"""The machine's ceiling: what it can compute and move at most, and how far below that a measurement stays.

The roofline model (Williams, Waterman and Patterson, 2009): work of some FLOPs on some bytes takes at least
the longer of what its products take at the machine's rate and what its bytes take at its bandwidth.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict
from threadpoolctl import threadpool_limits

from ..core.affinity import chosen_cores, keep_thread_to
from .latency import time_calls
from .measurement import Measurement

__all__ = ["Bound", "Ceiling", "CeilingGauge", "Reading", "Work", "measure_ceiling", "pooled"]

_SIDE = 1024
"""Rows of the square matrices that each thread multiplies: large enough for the full rate."""

_COPIED, _COPIED_IN_ALL = 64 << 20, 1 << 30
"""Bytes that each thread copies, more than caches hold, and that all of them copy at most."""

_SAMPLES = 12

_SAMPLES_A_READING = 4


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
        share: What is reached of it; 1 is the ceiling. Above 1 where what counts as moved stays in caches, or
            where the machine was slower when the ceiling was read.
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


class Reading(NamedTuple):
    """One look at the ceiling: FLOP/s of products and byte/s copied, a sample each time."""

    products: list[float]
    bandwidth: list[float]


class CeilingGauge:
    """Reads the ceiling as often as it is asked to, on the cores that the processes measured are kept to.

    A machine that others share is not the same machine all day: what is held against its ceiling is held
    against readings taken in between.

    Args:
        threads: As engines are given.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._cores = chosen_cores(threads)

    def read(self, samples: int = _SAMPLES_A_READING) -> Reading:
        """Read it, in a fifth of a second.

        Args:
            samples: Of each of the two; one before them, which touches the memory, does not count.
        """
        side, bytes_each = _SIDE, min(_COPIED, _COPIED_IN_ALL // self._threads)
        factors = np.random.default_rng(0).random((2, side, side), dtype=np.float32)
        products = np.empty((self._threads, side, side), np.float32)
        source, target = np.ones((2, self._threads, bytes_each // 4), np.float32)

        def multiply(thread: int) -> None:
            np.matmul(*factors, out=products[thread])

        def copy(thread: int) -> None:
            np.copyto(target[thread], source[thread])

        threads = range(self._threads)
        kept = ThreadPoolExecutor(self._threads, initializer=keep_thread_to, initargs=(self._cores,))
        with threadpool_limits(1, user_api="blas"), kept as pool:

            def rates(each: Callable[[int], None], amount: float) -> list[float]:
                seconds = time_calls(lambda: list(pool.map(each, threads)), samples + 1)
                return [self._threads * amount / second for second in seconds[1:]]

            return Reading(rates(multiply, 2 * side**3), rates(copy, 2 * bytes_each))


def pooled(readings: Sequence[Reading], session: str = "") -> Ceiling:
    """What some readings together say.

    Args:
        readings: One at least.
        session: Name of the measuring session.

    Example:
        >>> found = pooled([Reading([1e11, 2e11], [1e10]), Reading([3e11], [2e10])])
        >>> found.products.median, found.products.turns, found.bandwidth.samples
        (200000000000.0, [2, 1], [10000000000.0, 20000000000.0])
    """

    def of(unit: str, taken: Sequence[list[float]]) -> Measurement:
        samples = list(itertools.chain.from_iterable(taken))
        return Measurement(unit=unit, samples=samples, session=session, turns=[len(turn) for turn in taken])

    return Ceiling(
        products=of("FLOP/s", [reading.products for reading in readings]),
        bandwidth=of("byte/s", [reading.bandwidth for reading in readings]),
    )


def measure_ceiling(threads: int) -> Ceiling:
    """Measure it once, in half a second.

    Args:
        threads: As engines are given.

    Example:
        >>> found = measure_ceiling(1)
        >>> found.products.unit, found.products.median > 1e8, found.bandwidth.median > 1e8
        ('FLOP/s', True, True)
    """
    return pooled([CeilingGauge(threads).read(_SAMPLES)])
