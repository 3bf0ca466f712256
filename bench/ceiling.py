"""The machine's ceiling: what it can compute and move at most, and how far below that a measurement stays.

The roofline model (Williams, Waterman and Patterson, 2009): work of some FLOPs on some bytes takes at least
the longer of what its products take at the machine's rate and what its bytes take at its bandwidth.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from .measurement import Measurement

__all__ = ["Bound", "Ceiling", "Work"]


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
        share: What is reached of it; 1 is the ceiling. Above 1 where what counts as moved stays in caches,
            or where the machine was slower when the ceiling was read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Literal["products", "bandwidth"]
    best: float
    share: float


class Ceiling(BaseModel):
    """What the processor can do at most, on the threads that engines are given.

    Attributes:
        products: FLOP/s of matrix products in fp32, a thread a core.
        bandwidth: Bytes read and written a second (byte/s) where each thread copies what no cache holds.
        in_fewer_bits: FLOP/s of matrix products in other precisions, by their names ("bf16", "int8").
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    products: Measurement
    bandwidth: Measurement
    in_fewer_bits: dict[str, Measurement] = {}

    def bound(self, work: Work, measured: Measurement, precision: str = "fp32") -> Bound:
        """How near a measured time, or rate, comes to what the work allows.

        Args:
            work: What it takes at least.
            measured: A time, or a rate.
            precision: What it is computed in; the products of one without a rate of its own are those of
                fp32: an engine that is given fp16 on a processor widens it.

        Example:
            >>> machine = Ceiling(products=Measurement(unit="FLOP/s", samples=[100.0]),
            ...                   bandwidth=Measurement(unit="byte/s", samples=[10.0]))
            >>> machine.bound(Work(flops=200, bytes=5), Measurement(unit="s", samples=[4.0]))
            Bound(by='products', best=2.0, share=0.5)
            >>> machine.bound(Work(flops=0, bytes=5, units=2), Measurement(unit="item/s", samples=[1.0]))
            Bound(by='bandwidth', best=4.0, share=0.25)
        """
        rate = self.in_fewer_bits.get(precision, self.products)
        products, bandwidth = work.flops / rate.median, work.bytes / self.bandwidth.median
        least = max(products, bandwidth)
        by = "products" if products >= bandwidth else "bandwidth"
        if measured.unit == "s":
            return Bound(by=by, best=least, share=least / measured.median)
        best = work.units / least
        return Bound(by=by, best=best, share=measured.median / best)
