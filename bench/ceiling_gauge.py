"""Reads what the machine can do at most: matrix products by precision, and copies of memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from ..core.affinity import chosen_cores, keep_thread_to
from .ceiling import Ceiling
from .latency import time_calls
from .measurement import Measurement

__all__ = ["CeilingGauge", "Reading", "measure_ceiling", "pooled", "slowed"]

_SIDE = 1024
"""Rows of the square matrices that each thread multiplies: large enough for the full rate."""

_COPIED, _COPIED_IN_ALL = 64 << 20, 1 << 30
"""Bytes that each thread copies, more than caches hold, and that all of them copy at most."""

_SAMPLES = 12

_SAMPLES_A_READING = 4

_SLOWED = 0.85
"""Of the fastest reading before it; one below that tells of a machine that was held back meanwhile."""

Multiply = Callable[[int], object]
"""One matrix product, by the number of the thread that computes it."""


class Reading(NamedTuple):
    """One look at the ceiling, a sample each time.

    Attributes:
        products: FLOP/s of matrix products in fp32.
        bandwidth: byte/s copied.
        in_fewer_bits: FLOP/s of matrix products in other precisions.
    """

    products: list[float]
    bandwidth: list[float]
    in_fewer_bits: Mapping[str, list[float]] = {}


class CeilingGauge:
    """Reads the ceiling as often as it is asked to, on the cores that the processes measured are kept to.

    A machine that others share is not the same machine all day: what is held against its ceiling is held
    against readings taken in between.

    Args:
        threads: As engines are given.
        precisions: What is computed in besides fp32; "bf16" and "int8" have a rate of their own.
    """

    def __init__(self, threads: int, precisions: Sequence[str] = ()) -> None:
        self._threads = threads
        self._cores = chosen_cores(threads)
        self._products = {"fp32": _in_fp32(threads)}
        self._products |= {name: make(threads) for name, make in _PRODUCTS.items() if name in precisions}

    def read(self, samples: int = _SAMPLES_A_READING) -> Reading:
        """Read it, in a fifth of a second.

        Args:
            samples: Of each rate; one before them, which touches the memory, does not count.
        """
        bytes_each = min(_COPIED, _COPIED_IN_ALL // self._threads)
        source, target = np.ones((2, self._threads, bytes_each // 4), np.float32)

        def copy(thread: int) -> None:
            np.copyto(target[thread], source[thread])

        threads = range(self._threads)
        kept = ThreadPoolExecutor(self._threads, initializer=_at_work, initargs=(self._cores,))
        with threadpool_limits(1, user_api="blas"), kept as pool:

            def rates(each: Callable[[int], object], amount: float) -> list[float]:
                seconds = time_calls(lambda: list(pool.map(each, threads)), samples + 1)
                return [self._threads * amount / second for second in seconds[1:]]

            found = {name: rates(multiply, 2 * _SIDE**3) for name, multiply in self._products.items()}
            return Reading(found.pop("fp32"), rates(copy, 2 * bytes_each), found)


def _at_work(cores: Sequence[int]) -> None:
    """A thread that computes by itself, on one of some cores."""
    import torch

    keep_thread_to(cores)
    torch.set_num_threads(1)  # which is a thread's own


def _in_fp32(threads: int) -> Multiply:
    """By NumPy."""
    factors = np.random.default_rng(0).random((2, _SIDE, _SIDE), dtype=np.float32)
    products = np.empty((threads, _SIDE, _SIDE), np.float32)
    return lambda thread: np.matmul(*factors, out=products[thread])


def _in_bf16(threads: int) -> Multiply:
    """By PyTorch."""
    import torch

    factor = torch.rand(_SIDE, _SIDE, generator=torch.Generator().manual_seed(0)).bfloat16()
    products = torch.empty(threads, _SIDE, _SIDE, dtype=torch.bfloat16)
    return lambda thread: torch.mm(factor, factor, out=products[thread])


def _in_int8(threads: int) -> Multiply:
    """By ONNX Runtime, unsigned by signed: faster than PyTorch's."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    left, right = np.random.default_rng(0).integers(0, 127, (2, _SIDE, _SIDE))
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["left", "right"], ["product"])],
        "product",
        [helper.make_tensor_value_info("left", TensorProto.UINT8, [_SIDE, _SIDE])],
        [helper.make_tensor_value_info("product", TensorProto.INT32, [_SIDE, _SIDE])],
        [numpy_helper.from_array(right.astype(np.int8), "right")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    written, given = model.SerializeToString(), {"left": left.astype(np.uint8)}
    own = [
        onnxruntime.InferenceSession(written, options, providers=["CPUExecutionProvider"])
        for _ in range(threads)
    ]
    return lambda thread: own[thread].run(None, given)


_PRODUCTS: Mapping[str, Callable[[int], Multiply]] = {"bf16": _in_bf16, "int8": _in_int8}
"""What makes a product for so many threads, by precision."""


def pooled(readings: Sequence[Reading], session: str = "") -> Ceiling:
    """What some readings together say.

    Args:
        readings: One at least, all of the same precisions.
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
        in_fewer_bits={
            name: of("FLOP/s", [reading.in_fewer_bits[name] for reading in readings])
            for name in readings[0].in_fewer_bits
        },
    )


def slowed(readings: Sequence[Reading]) -> list[str]:
    """The flag for rows between readings of which a later one fell far below one before it, if so.

    Example:
        >>> slowed([Reading([2e11], []), Reading([1.9e11], [])])
        []
        >>> slowed([Reading([1e11], []), Reading([2e11], []), Reading([1.5e11], [])])
        ['throttled (matrix products fell from 200 to 150 GFLOP/s meanwhile)']
    """
    rates = [float(np.median(reading.products)) for reading in readings]
    falls = [(max(rates[: number + 1]), rate) for number, rate in enumerate(rates)]
    before, after = min(falls, key=lambda fall: fall[1] / fall[0], default=(1.0, 1.0))
    if after >= _SLOWED * before:
        return []
    return [
        f"throttled (matrix products fell from {before / 1e9:.0f} to {after / 1e9:.0f} GFLOP/s meanwhile)"
    ]


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
